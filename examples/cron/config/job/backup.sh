# Writes one backup and removes the oldest ones beyond $KEEP.
set -e
name=backup-$(date -u +%Y%m%dT%H%M%S)
date -u >"/backups/$name.part" # here goes pg_dump, tar, …
mv "/backups/$name.part" "/backups/$name"
ls /backups | sort -r | tail -n +"$((KEEP + 1))" | while read -r old; do rm "/backups/$old"; done
echo "wrote $name"
