trap 'exit 0' TERM
echo "serving $(cat /data/index.html)"
httpd -f -p 8080 -h /data &
wait
