# "2026-11-22T14:26:21.044+01:00" -> seconds.nanoseconds, both of fixed width
function unix_time(text, y, m, d, days, seconds, fraction, zone) {
  y = substr(text, 1, 4) + 0
  m = substr(text, 6, 2) + 0
  d = substr(text, 9, 2) + 0
  if (m <= 2) { y -= 1; m += 12 }
  days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + d - 719469
  seconds = days * 86400 + substr(text, 12, 2) * 3600 + substr(text, 15, 2) * 60 + substr(text, 18, 2)
  fraction = substr(text, 20)
  zone = fraction
  sub(/^\.[0-9]*/, "", zone)
  fraction = substr(fraction, 2, length(fraction) - length(zone) - 1)
  if (length(zone) == 6) {
    zone = (substr(zone, 1, 1) "1") * (substr(zone, 2, 2) * 3600 + substr(zone, 5, 2) * 60)
    seconds -= zone
  }
  return sprintf("%010d.%s", seconds, substr(fraction "000000000", 1, 9))
}
