# --- the log of a program -----------------------------------------------------
# Copies standard input, line by line, into a log that it rotates; how executables are logged.
# Ends with its input; a full disk makes it try again rather than block the program.
keep_log() { # stream file
  until keep_log_once "$1" "$2"; do sleep 1; done
}
keep_log_once() (
  size=0
  [ ! -f "$2" ] || size=$(wc -c 2>/dev/null <"$2") || size=0 # a device may have no end
  live_awk -v stream="$1" -v file="$2" -v size="$((size))" -v keep="$log_files" \
    -v limit="$((log_max_blocks * 512))" "$(keep_log_program)"
)
