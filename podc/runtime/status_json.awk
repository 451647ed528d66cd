# Turns "key: value" lines, as ps and info print them, into one JSON object.
BEGIN {
  split("created started updated pid startCount exitCode restarts lastExit", names, " ")
  for (i in names) number[names[i]] = 1
  split("hostPorts labels volumes ramdisks configs mounts ports", names, " ")
  for (i in names) list[names[i]] = 1
  printf "{"
}
/^containers:$/ { printf "%s\"containers\":[", comma; inside = 1; comma = ""; next }
{
  line = $0
  if (sub(/^ *- /, "", line)) { printf "%s{", items++ ? "}," : ""; comma = "" }
  sub(/^ */, "", line)
  at = index(line, ": ")
  if (at == 0) { at = index(line, ":"); value = "" } else value = substr(line, at + 2)
  if (at == 0) next
  key = substr(line, 1, at - 1)
  sub(/^ +/, "", value)
  sub(/ +$/, "", value)
  printf "%s\"%s\":%s", comma, key, json(key, value)
  comma = ","
}
END { printf "%s%s}\n", items ? "}" : "", inside ? "]" : "" }

function json(key, value, parts, n, i, text) {
  if (key == "readiness") return value == "1" ? "true" : "false"
  if (key in number) return value ~ /^[0-9]+$/ ? value : "null"
  if (!(key in list)) return quoted(value)
  n = split(value, parts, " ")
  text = ""
  for (i = 1; i <= n; i++) text = text (i > 1 ? "," : "") quoted(parts[i])
  return "[" text "]"
}
