# --- the log of a program -----------------------------------------------------
# Copies standard input, line by line, into a log that it rotates; how executables are logged.
# Ends with its input. Most awks end when they cannot write: another one goes on then, telling of the loss.
keep_log() { # stream file
  full=0
  until keep_log_once "$1" "$2"; do
    full=1
    sleep 1
  done
}
keep_log_once() (
  size=$(stat -L -c %s "$2" 2>/dev/null) || size=0
  live_awk -v stream="$1" -v file="$2" -v size="$size" -v keep="$log_files" -v full="$full" \
    -v limit="$((log_max_blocks * 512))" "$(keep_log_program)"
)
