# Prints the merged lines with the columns of "details": ts, age, name, stream; anything else none.
BEGIN { FS = "\t"; columns = split(details, wanted, ",") }
{
  text = $0
  sub(/^[^\t]*\t[^\t]*\t[^\t]*\t/, "", text)
  head = ""
  for (i = 1; i <= columns; i++) {
    if (wanted[i] == "ts") head = head int($1) " "
    else if (wanted[i] == "age") head = head (now - int($1)) " "
    else if (wanted[i] == "name") head = head $2 " "
    else if (wanted[i] == "stream") head = head $3 " "
  }
  print head text
}
