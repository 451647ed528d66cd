trap 'exit 0' TERM
echo "served by $(id -u)" >/srv/index.html
httpd -f -p 8080 -h /srv &
wait
