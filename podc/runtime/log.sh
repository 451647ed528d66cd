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

rotate_logs() { # those that grew too large and that nobody rotates on their own
  find "$log_dir" -name '*.log' ! -name '*-stdout.log' -size +"$log_max_blocks" 2>/dev/null |
    while IFS= read -r file; do
      shift_log "$file"
      name=${file#"$log_dir/"}
      reopen_log "${name%-"$pod".log}"
    done
}

# Prints log lines, merged by time: "logs", see help.
print_logs() { # names(newline list; "" for the supervisor is the pod) since streams details limit
  names=$1 since=$2 streams=$3 details=$4 limit=$5
  set --
  for name in $names; do
    case $name in "$pod") base=$log_dir/$pod ;; *) base=$log_dir/$name-$pod ;; esac
    for stem in "$base.log" "$base-stdout.log" "$base-stderr.log"; do
      n=$log_files
      while [ "$n" -gt 0 ]; do
        [ ! -e "$stem.$n" ] || set -- "$@" "$stem.$n"
        n=$((n - 1))
      done
      [ ! -e "$stem" ] || set -- "$@" "$stem"
    done
  done
  [ $# -gt 0 ] || return 0
  LC_ALL=C awk -v since="$since" -v streams=",$streams," -v pod="$pod" "$(read_log_program)" "$@" |
    LC_ALL=C sort -s -t '	' -k1,1 |
    case $limit in
    0) cat ;;
    -*) tail -n "${limit#-}" ;;
    *) head -n "$limit" ;;
    esac |
    LC_ALL=C awk -v details="$details" -v now="$(date +%s)" "$(show_log_program)"
}
