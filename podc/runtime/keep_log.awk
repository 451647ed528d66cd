# Writes each line of its input to "file" as "<time> <stream> F <text>"; rotates at "limit" bytes.
# The fraction of the time counts the lines of one second, so that order survives sorting.
BEGIN { last = -1 }
{
  second = systime()
  if (second != last) { stamp = strftime("%Y-%m-%dT%H:%M:%S", second, 1); last = second; count = 0 }
  line = stamp sprintf(".%09dZ ", count++) stream " F " $0
  print line >>file
  fflush(file)
  size += length(line) + 1
  if (size > limit) rotate()
}
function rotate(n) {
  close(file)
  for (n = keep; n > 1; n--) system("mv -f \"" file "." (n - 1) "\" \"" file "." n "\" 2>/dev/null")
  system("mv -f \"" file "\" \"" file ".1\"")
  size = 0
}
