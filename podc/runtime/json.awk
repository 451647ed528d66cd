# A JSON string of any text; what follows here is used by several programs.
function quoted(text, i, c, out) {
  out = "\""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"" || c == "\\") out = out "\\" c
    else if (c == "\t") out = out "\\t"
    else if (c == "\r") out = out "\\r"
    else if (c < " " || c == "\177") out = out sprintf("\\u%04x", code(c))
    else out = out c
  }
  return out "\""
}
function code(c, i) {
  for (i = 1; i < 32; i++) if (sprintf("%c", i) == c) return i
  return c == "\177" ? 127 : 0
}
