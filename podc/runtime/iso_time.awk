# Unix seconds of an ISO 8601 time.
{
  seconds = unix_time($0)
  sub(/\..*/, "", seconds)
  print seconds + 0
}
