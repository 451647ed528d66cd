# Reads log files in the k8s-file format, joins the pieces of a line, and prints
# "<unix seconds>.<nanoseconds> TAB name TAB stream TAB text" for each line that is wanted.
# With "follow", the input is one growing log, that of "follow". Of a file in "sizes", which is
# " <file>=<bytes> …", the bytes beyond are left alone: they belong to who follows it.
follow != "" && FNR == 1 { log_name = follow; left = -1 }
follow == "" && FNR == 1 {
  left = -1
  at = index(sizes, " " FILENAME "=")
  if (at) left = substr(sizes, at + length(FILENAME) + 2) + 0
  log_name = FILENAME
  sub(/^.*\//, "", log_name)
  sub(/(-stdout|-stderr)?\.log(\.[0-9]+)?$/, "", log_name)
  if (log_name != pod) log_name = substr(log_name, 1, length(log_name) - length(pod) - 1)
}
{
  if (left == 0) next
  if (left > 0) { left -= length($0) + 1; if (left < 0) left = 0 }
  stream = $2
  if (index(streams, "," stream ",") == 0) next
  text = $0
  sub(/^[^ ]* [^ ]* [^ ]* ?/, "", text)
  key = log_name SUBSEP stream
  if (!(key in time)) time[key] = unix_time($1)
  part[key] = part[key] text
  if ($3 != "P") put_out(key)
}
END { for (key in time) put_out(key) }

function put_out(key, names) {
  split(key, names, SUBSEP)
  if (time[key] + 0 >= since + 0) print time[key] "\t" names[1] "\t" names[2] "\t" part[key]
  if (follow != "") fflush()
  delete part[key]
  delete time[key]
}
