# --- a program on the host ----------------------------------------------------
# The runner of executable pods. Each unit runs under a keeper, which does for it what conmon does
# for a container: it outlives the supervisor, keeps the logs and remembers the exit code.

name_objects() { object=$pod; }

check_runner() { :; }

runner_exists() {
  get "$run_dir/phase" none
  [ "$value" != none ]
}

runner_adoptable() {
  same_boot || return 1
  for unit in $units; do
    ! unit_lives "$unit" || return 0
  done
  return 1
}

runner_create() { :; }

# A program has no volumes of podman's.
purge_volumes() { :; }

runner_remove() {
  for unit in $units; do
    ! unit_lives "$unit" || signal_unit KILL "$unit"
  done
}

unit_lives() {
  get "$run_dir/unit/$1/process" '0 0'
  same_process "${value% *}" "${value#* }"
}

runner_is_new() { :; }
runner_ended() { runner_look; }
runner_look() {
  for unit in $units; do
    look_dir=$run_dir/unit/$unit
    get "$look_dir/state" absent
    [ "$value" = running ] || continue
    unit_lives "$unit" && continue
    # The keeper writes the code right after the end. Was it killed itself, nobody knows the code.
    wait_until 2 test -s "$look_dir/exit" || put "$look_dir/exit" 255
    put "$look_dir/state" exited
  done
}

unit_start() { # unit; says on stderr why it cannot
  start_dir=$run_dir/unit/$1
  trap : TERM # no ignoring: what is started here would inherit that
  rm -f "$start_dir/exit" "$start_dir/process"
  (become setsid "$self" porcelain-keep "$1") >"$start_dir/keeper" 2>&1 </dev/null &
  if ! wait_until 10 test -s "$start_dir/process"; then
    cat "$start_dir/keeper" >&2
    return 1
  fi
}
unit_begun() { put "$run_dir/unit/$1/state" running; }

keep() { # unit: the keeper
  know_signals
  unit=$1 dir=$run_dir/unit/$1
  rm -f "$dir/out" "$dir/err"
  mkfifo "$dir/out" "$dir/err" || exit 1
  keep_log stdout "$log_dir/$unit-$pod-stdout.log" <"$dir/out" &
  keep_log stderr "$log_dir/$unit-$pod-stderr.log" <"$dir/err" &
  launch "$unit" >"$dir/out" 2>"$dir/err" </dev/null &
  child=$!
  start_tick "$child" && put "$dir/process" "$child $tick"
  wait "$child"
  code=$?
  rm -f "$dir/out" "$dir/err"
  kill -s KILL -- "-$child" 2>/dev/null # what it left behind in its process group
  put "$dir/exit" "$code"
  wake_supervisor
  wait
}
launch() { # unit: becomes the program, in a session and process group of its own
  export_pod
  "launch_$1"
}
export_pod() {
  get "$run_dir/interface" ''
  export POD_NAME="$pod_name" POD_VERSION="$pod_version" POD_HOST_INTERFACE="$value"
}

signal_unit() { # signal unit: its whole process group
  get "$run_dir/unit/$2/process" '0 0'
  kill -s "$1" -- "-${value% *}" 2>/dev/null
}

unit_stop() {
  "spec_$1"
  unit_lives "$1" || return 0
  signal_unit "$stop_signal" "$1"
  wait_until "$stop_timeout" unit_gone "$1" || unit_kill "$1"
}
unit_kill() {
  unit_lives "$1" || return 0
  signal_unit KILL "$1"
  wait_until 10 unit_gone "$1"
}
unit_gone() { ! unit_lives "$1"; }

unit_tell() { # unit signal: "sig NAME" or "cmd"
  case $2 in
  sig\ *)
    get "$run_dir/unit/$1/process" '0 0'
    kill -s "${2#sig }" "${value% *}"
    ;;
  *) probe_timeout=60 && "tell_$1" ;;
  esac
}

# Runs a command on the host for a probe or signal; one that takes too long is ended with all it began.
in_unit() { # unit command...
  shift
  (export_pod && become setsid "$@") &
  child=$!
  if ! wait_until "$probe_timeout" gone "$child"; then
    kill -s KILL -- "-$child" 2>/dev/null
    wait "$child"
    return 137
  fi
  wait "$child"
}
gone() { ! start_tick "$1"; }

run_shell() { # unit bash|sh words...
  shell=$2
  shift 2
  [ $# -gt 0 ] || set -- "$shell"
  exec "$@"
}

reopen_log() { :; }
look_at_room() { :; } # its loggers tell of it themselves
create_volumes() { :; }
remove_ramdisk_dirs() { :; }
list_ramdisks() { :; }
mount_ramdisks() { :; }
unmount_ramdisks() { :; }
