# May run again at any time: does only what is left to do.
set -e
[ -e /data/index.html ] || echo "schema 1" >/data/index.html
echo "migrated"
