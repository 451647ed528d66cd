# Writes each line of its input to "file" as "<time> <stream> F <text>"; rotates at "limit" bytes.
# The fraction of the time counts the lines of one second, so that order survives sorting.
# With "full" lines before could not be written: until there is room, which is tried once a second,
# lines are counted rather than kept, so that the program is never blocked. An awk for which it is
# not "fatal" when it cannot write has to look at the size of the file, once a second.
BEGIN { last = -1 }
{
  second = systime()
  if (second != last) {
    stamp = strftime("%Y-%m-%dT%H:%M:%S", second, 1)
    last = second
    count = 0
    if (fatal == "" && !full && size_on_disk() < size) full = 1
    if (full && tell_loss()) full = 0
  }
  if (full) { missing++; next }
  line = stamp sprintf(".%09dZ ", count++) stream " F " $0
  print line >>file
  fflush(file)
  size += length(line) + 1
  if (size > limit) rotate()
}
END { if (full) tell_loss() }
function rotate(n) {
  close(file)
  for (n = keep; n > 1; n--) system("mv -f \"" file "." (n - 1) "\" \"" file "." n "\" 2>/dev/null")
  system("mv -f \"" file "\" \"" file ".1\"")
  size = 0
}
# Begins with a line end, as the line before may be cut off; fails while there is no room.
function tell_loss(text) {
  text = sprintf("%s.%09dZ %s F [lines are missing here, at least %d: there was no room for them]", stamp, count++, stream, missing + 1)
  if (system("printf \"\\n%s\\n\" \"" text "\" 2>/dev/null >>\"" file "\"") != 0) return 0
  missing = 0
  size = size_on_disk()
  return 1
}
function size_on_disk(command, bytes) {
  command = "stat -L -c %s \"" file "\" 2>/dev/null"
  command | getline bytes
  close(command)
  return bytes + 0
}
