# --- files and locks ----------------------------------------------------------
# Beside the script: log/ and the run directory, which holds what a supervisor must know to take
# over from one that died. Nothing in it is needed after a reboot but "interface".

status_file=.$self_name.status
run_dir=.$self_name.run
log_dir=log

put() { # file text: replaces a small file in one step
  printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
}

get() { # file default: sets "value" to the file's first line
  value=$2
  if [ -r "$1" ]; then read -r value <"$1" || [ -n "$value" ] || value=$2; fi
}

uptime_s() { # sets "now": seconds since boot, a clock that nobody sets
  read -r now _ </proc/uptime
  now=${now%%.*}
}

boot_id() { get /proc/sys/kernel/random/boot_id unknown; }

make_run_dir() {
  mkdir -p "$log_dir" "$run_dir" || fail "Cannot write in $PWD: check who owns it"
  for unit in $units; do mkdir -p "$run_dir/unit/$unit" || return 1; done
}

forget_units() { # what was known of the units' processes no longer holds
  rm -rf "${run_dir:?}/unit"
  make_run_dir
  boot_id
  put "$run_dir/boot" "$value"
}

same_boot() {
  boot_id
  this_boot=$value
  get "$run_dir/boot" none
  [ "$value" = "$this_boot" ]
}

# The action lock: one action that changes the pod at a time. Held on fd 9 until the process ends.
lock_actions() {
  make_run_dir
  exec 9>>"$run_dir/action.lock"
  uptime_s
  limit=$((now + 300))
  until flock -n 9; do
    uptime_s
    [ "$now" -lt "$limit" ] || fail "Another action on $pod has not ended for 300 s; see: fuser $PWD/$run_dir/action.lock"
    short_nap
  done
}
unlock_actions() { exec 9>&-; }

# The supervisor holds its lock on fd 8 for life, so the lock tells whether one lives, whatever became of its pid.
supervised() {
  [ -e "$run_dir/supervisor.lock" ] || return 1
  ! flock -n "$run_dir/supervisor.lock" true
}

short_nap() { sleep 0.1 2>/dev/null || sleep 1; }
