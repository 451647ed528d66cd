# Kills the processes that have the environment variable $1, "name=value".
for environ in /proc/[0-9]*/environ; do
  if tr '\0' '\n' 2>/dev/null <"$environ" | grep -qxF "$1"; then
    process=${environ%/environ}
    kill -9 "${process#/proc/}"
  fi
done 2>/dev/null
