# Prints the merged lines with the columns of "details": ts, age, name, stream; anything else none. With
# "json" for details, a JSON object a line.
BEGIN { FS = "\t"; columns = split(details, wanted, ",") }
{
  text = $0
  sub(/^[^\t]*\t[^\t]*\t[^\t]*\t/, "", text)
  if (details == "json") {
    printf "{\"time\":%s,\"name\":%s,\"stream\":%s,\"text\":%s}\n", $1, quoted($2), quoted($3), quoted(text)
    fflush()
    next
  }
  head = ""
  for (i = 1; i <= columns; i++) {
    if (wanted[i] == "ts") head = head int($1) " "
    else if (wanted[i] == "age") head = head (now - int($1)) " "
    else if (wanted[i] == "name") head = head $2 " "
    else if (wanted[i] == "stream") head = head $3 " "
  }
  print head text
  if (follow) fflush()
}
