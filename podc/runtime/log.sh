# --- logs ---------------------------------------------------------------------
# Every log line on disk is "<RFC 3339 time> stdout|stderr F|P <text>", the k8s-file format of
# conmon, which writes those of the containers. P marks a piece of a line that goes on.

log_files=5          # rotated files kept of each log
log_max_blocks=20480 # size from which a log is rotated, in blocks of 512 bytes: 10 MiB

supervisor_log=$log_dir/$pod-stderr.log

note() { # a line in the supervisor's own log
  printf '%s stderr F %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$supervisor_log"
}
note_file() { # prefix file: each line of a file, noted
  while IFS= read -r text || [ -n "$text" ]; do note "$1$text"; done <"$2"
}

shift_log() { # file: file.4 -> file.5 … file -> file.1
  n=$log_files
  while [ "$n" -gt 1 ]; do
    [ ! -e "$1.$((n - 1))" ] || mv -f "$1.$((n - 1))" "$1.$n"
    n=$((n - 1))
  done
  mv -f "$1" "$1.1"
}

# Rotates the logs that nobody rotates on their own, where they grew too large. While they grow fast
# they are looked at every second, else every 5.
rotate_logs() {
  if [ "$now" -lt "$logs_at" ]; then
    due_by "$logs_at"
    return
  fi
  look_at_room
  set -- "$supervisor_log"
  for unit in $units; do set -- "$@" "$log_dir/$unit-$pod.log"; done
  sum=0
  for file_size in $(stat -c '%n=%s' "$@" 2>/dev/null); do
    file=${file_size%=*} size=${file_size##*=}
    sum=$((sum + size))
    [ "$size" -gt "$((log_max_blocks * 512))" ] || continue
    shift_log "$file"
    name=${file#"$log_dir/"}
    [ "$file" = "$supervisor_log" ] || reopen_log "${name%-"$pod".log}"
  done
  logs_at=$((now + 5))
  [ "$((sum - log_sum))" -lt "$((log_max_blocks * 128))" ] || logs_at=$((now + 1))
  log_sum=$sum
  due_by "$logs_at"
}
logs_at=0 # uptime of the next look
log_sum=0 # sizes at the last look, in bytes

# The log files of a container, or of the supervisor for the pod itself: sets "stems".
log_stems() { # name
  case $1 in
  "$pod") stem=$log_dir/$pod ;;
  *) stem=$log_dir/$1-$pod ;;
  esac
  stems="$stem.log $stem-stdout.log $stem-stderr.log"
}

# Prints what the options of the action logs ask for: names, since, stream, details, limit.
print_logs() {
  set --
  for name in $names; do
    log_stems "$name"
    for stem in $stems; do
      n=$log_files
      while [ "$n" -gt 0 ]; do
        [ ! -e "$stem.$n" ] || set -- "$@" "$stem.$n"
        n=$((n - 1))
      done
      [ ! -e "$stem" ] || set -- "$@" "$stem"
    done
  done
  [ $# -gt 0 ] || return 0
  LC_ALL=C awk -v since="$since" -v streams=",$stream," -v pod="$pod" -v sizes="$log_sizes " "$(read_log_program)" "$@" |
    LC_ALL=C sort -s -t '	' -k1,1 |
    case $limit in
    0) cat ;;
    -*) tail -n "${limit#-}" ;;
    *) head -n "$limit" ;;
    esac |
    LC_ALL=C awk -v details="$details" -v now="$(date +%s)" "$(show_log_program)"
}
log_sizes='' # " <file>=<bytes>" for each log that is followed from there on

# The same, and then each new line as it comes, until a signal ends it.
follow_logs() {
  make_run_dir
  for name in $names; do
    log_stems "$name"
    for stem in $stems; do
      size=$(wc -c 2>/dev/null <"$stem") || size=0
      log_sizes="$log_sizes $stem=$((size))"
    done
  done
  print_logs
  followers='' follow_count=0
  trap 'kill $followers 2>/dev/null; exit 0' INT TERM HUP
  trap 'rm -f "$run_dir/follow.$$".*' EXIT
  for log in $log_sizes; do
    stem=${log%=*} name=${log#"$log_dir/"}
    case $name in
    "$pod".* | "$pod"-*) name=$pod ;;
    *) name=${name%%-"$pod"*} ;;
    esac
    follow_log "$stem" "${log##*=}" "$name"
  done
  wait
}
follow_log() { # file bytes name
  follow_count=$((follow_count + 1))
  pipe=$run_dir/follow.$$.$follow_count
  mkfifo "$pipe.1" "$pipe.2" || fail "Cannot make a pipe in $run_dir"
  tail -c "+$(($2 + 1))" -F "$1" 2>/dev/null >"$pipe.1" &
  followers="$followers $!"
  live_awk -v follow="$3" -v since="$since" -v streams=",$stream," "$(read_log_program)" <"$pipe.1" >"$pipe.2" &
  followers="$followers $!"
  live_awk -v details="$details" -v follow=1 -v now="$(date +%s)" "$(show_log_program)" <"$pipe.2" &
  followers="$followers $!"
}
live_awk() { # awk that hands on each line at once; "fatal" tells the program that it ends when it cannot write
  case $(awk -W version 2>&1 </dev/null) in
  mawk*) LC_ALL=C TZ=UTC0 exec awk -W interactive -v fatal=yes "$@" ;; # else it holds lines back until a block is full
  *) LC_ALL=C TZ=UTC0 exec awk "$@" ;;
  esac
}
