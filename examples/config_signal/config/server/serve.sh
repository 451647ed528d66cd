# Serves the greeting that it read at the start, or at the last HUP.
read_settings() {
  cat /settings/greeting >/tmp/www/new
  mv /tmp/www/new /tmp/www/index.html
  echo "settings read"
}
mkdir -p /tmp/www
trap 'exit 0' TERM
trap read_settings HUP
read_settings
httpd -f -p 8080 -h /tmp/www &
# A signal ends the wait, not the server.
while kill -0 "$!"; do wait "$!"; done
