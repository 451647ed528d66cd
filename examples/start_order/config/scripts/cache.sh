trap 'exit 0' TERM
trap 'echo "emptied"' HUP
echo "listening"
touch /tmp/listening
while :; do
  sleep 3600 &
  wait "$!"
done
