trap 'exit 0' TERM
wget -q -O /dev/null "http://$DATABASE/" || exit 1
echo "found the database"
httpd -f -p 8080 -h /app/www &
wait
