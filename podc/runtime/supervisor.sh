# --- the supervisor -----------------------------------------------------------
# One process per pod. It observes and acts; what runs does not depend on it: when it dies the next
# one finds everything in the run directory and takes over.

wanted=       # stop or kill, once somebody asked
beat=0        # uptime of the last written status
shown=        # what the last written status said

supervise() {
  try_lock "$run_dir/supervisor" || exit 0
  trap 'wanted=${wanted:-stop}' TERM HUP
  trap 'wanted=kill' USR2
  trap '' INT
  put "$run_dir/supervisor.pid" "$$"
  note "supervising $pod"
  phase=starting
  while [ -z "$wanted" ]; do
    runner_look
    for unit in $units; do
      [ -n "$wanted" ] || supervise_unit "$unit"
    done
    phase=running
    rotate_logs
    heartbeat
    [ -n "$wanted" ] || nap
  done
  end_units
  note "$pod ended"
}

heartbeat() {
  ready=0
  if [ -z "$wanted" ] && pod_ready; then ready=1; fi
  show="$phase $ready"
  for unit in $units; do
    get "$run_dir/unit/$unit/state" absent
    show="$show $value"
  done
  uptime_s
  [ "$show" != "$shown" ] || [ "$((now - beat))" -ge 5 ] || return 0
  shown=$show beat=$now
  write_status "$phase" "$ready" "$$"
}

supervise_unit() { # starts it when it should run and does not
  dir=$run_dir/unit/$1
  get "$dir/state" absent
  case $value in
  running)
    forget_failures "$1"
    if [ -e "$dir/cycle" ]; then cycle_unit "$1"; fi
    return
    ;;
  exited)
    "spec_$1"
    get "$dir/exit" 255
    note_end "$1" "$value"
    if [ ! -e "$dir/cycle" ]; then wants_restart "$restart" "$value" || return 0; fi
    ;;
  esac
  may_retry "$1" || return 0
  rm -f "$dir/cycle"
  start_unit "$1"
}

wants_restart() { # policy exit-code
  case $1 in
  always) return 0 ;;
  on-failure) [ "$2" != 0 ] ;;
  *) return 1 ;;
  esac
}

note_end() { # unit exit-code: once for each end
  [ -e "$dir/running" ] || return 0
  rm -f "$dir/running"
  note "$1: ended with exit code $2"
}

# Failures back off: 1 s, doubled up to 60 s, forgotten after 60 s of running.
may_retry() { # unit
  get "$dir/retry" '0 0'
  uptime_s
  [ "$now" -ge "${value% *}" ]
}
set_retry() { # unit
  get "$dir/retry" '0 0'
  delay=$((${value#* } * 2))
  [ "$delay" -ge 1 ] || delay=1
  [ "$delay" -le 60 ] || delay=60
  uptime_s
  put "$dir/retry" "$((now + delay)) $delay"
}
forget_failures() { # unit
  [ -e "$dir/retry" ] || return 0
  get "$dir/since" 0
  uptime_s
  [ "$((now - value))" -lt 60 ] || rm -f "$dir/retry"
}

start_unit() {
  set_retry "$1"
  if unit_start "$1"; then
    get "$dir/starts" 0
    put "$dir/starts" "$((value + 1))"
    put "$dir/since" "$now"
    put "$dir/running" yes
    rm -f "$dir/error"
    note "$1: started"
  elif [ -z "$wanted" ]; then
    note_file "$1: cannot start: " "$run_dir/error"
    tail -n 1 "$run_dir/error" >"$dir/error"
    get "$dir/retry" '0 0'
    note "$1: next try in ${value#* } s"
  fi
}

cycle_unit() { # a restart that was asked for
  get "$dir/cycle" stop
  rm -f "$dir/cycle" "$dir/retry"
  note "$1: restart asked for"
  step whole "$run_dir/error" "unit_$value" "$1" || note_file "$1: " "$run_dir/error"
  look_soon
  runner_look
  start_unit "$1"
}

# Ends all units, the last defined first, side by side, then the pod.
end_units() {
  phase=running
  heartbeat
  how=$wanted pids=
  [ "$how" != stop ] || note "stopping"
  for unit in $(reversed); do
    ("unit_$how" "$unit" >"$run_dir/unit/$unit/end" 2>&1 </dev/null) &
    pids="$pids $!"
  done
  while [ -n "$pids" ]; do
    left=
    for pid in $pids; do ! kill -0 "$pid" 2>/dev/null || left="$left $pid"; done
    pids=$left
    [ -z "$pids" ] || short_nap
    heartbeat
    if [ "$how" = stop ] && [ "$wanted" = kill ]; then
      how='kill'
      for unit in $units; do (unit_kill "$unit" >/dev/null 2>&1 </dev/null) & done
    fi
  done
  wait
  look_soon
  runner_look
  runner_stopped
  put "$run_dir/phase" stopped
  write_status exited 0 ''
}

reversed() {
  order=
  for unit in $units; do order="$unit $order"; done
  printf '%s' "$order"
}
