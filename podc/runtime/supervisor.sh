# --- the supervisor -----------------------------------------------------------
# One process per pod. It observes and acts; what runs does not depend on it: when it dies the next
# one finds everything in the run directory and takes over. Whatever lasts (starts, pulls, probes,
# stops) goes on side by side in jobs; the supervisor itself only looks, once a second.

wanted= # stop or kill, once somebody asked
beat=0  # uptime of the last written status
shown=  # what the last written status said
hurry=0 # how many more looks follow each other quickly, as something is about to change
configs_at=0 # uptime of the next look at the configs
logs_at=0    # and at the sizes of the logs

supervise() {
  try_lock "$run_dir/supervisor" || exit 0
  know_signals
  trap 'wanted=${wanted:-stop}' TERM HUP
  trap 'wanted=kill' USR2
  put "$run_dir/supervisor.pid" "$$"
  note "supervising $pod"
  for unit in $units; do forget_jobs "$unit"; done
  while [ -z "$wanted" ]; do
    runner_look
    held=
    phase=running
    for unit in $units; do
      [ -n "$wanted" ] || supervise_unit "$unit"
    done
    uptime_s
    if [ -n "$all_configs" ] && [ "$now" -ge "$configs_at" ]; then
      configs_at=$((now + 2))
      look_for_changed_configs
    fi
    if [ "$now" -ge "$logs_at" ]; then
      logs_at=$((now + 2))
      rotate_logs
    fi
    heartbeat
    if [ -n "$wanted" ]; then continue; fi
    if [ "$hurry" -gt 0 ]; then
      hurry=$((hurry - 1))
      short_nap
    else
      nap
    fi
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
    get "$run_dir/unit/$unit/probe" ''
    show="$show $value"
  done
  uptime_s
  [ "$show" != "$shown" ] || [ "$((now - beat))" -ge 5 ] || return 0
  shown=$show beat=$now
  write_status "$phase" "$ready" "$$"
}

# Looks after one unit: sets "phase" to starting when it is on its way, and "held" when those defined
# later have to wait for its startup probe.
supervise_unit() {
  dir=$run_dir/unit/$1
  "spec_$1"
  uptime_s
  attend_news "$1"
  get "$dir/state" absent
  case $value in
  running) attend_running "$1" ;;
  exited) attend_exited "$1" ;;
  *) attend_absent "$1" ;;
  esac
  [ -e "$dir/up" ] || phase=starting
  if [ "$startup" != none ] && [ ! -e "$dir/up" ]; then held=yes; fi
}

attend_absent() {
  rm -f "$dir/ending"
  if start_under_way "$1"; then return; fi
  if [ -n "$held" ] && [ ! -e "$dir/starts" ]; then return; fi
  ! may_retry || begin_start "$1"
}

attend_running() {
  if start_under_way "$1"; then return; fi
  if [ -e "$dir/ending" ]; then
    # An end that did not work out is tried again.
    job_under_way "$dir/end" || rm -f "$dir/ending" "$dir/end."*
    return
  fi
  if [ -e "$dir/cycle" ]; then
    get "$dir/cycle" stop
    note "$1: restart asked for"
    begin_end "$1" "$value"
    return
  fi
  if [ ! -e "$dir/started" ]; then
    attend_startup "$1"
    return
  fi
  forget_failures
  attend_probes "$1"
}

attend_exited() {
  if start_under_way "$1"; then return; fi
  get "$dir/exit" 255
  code=$value
  note_end "$1"
  if [ -e "$dir/cycle" ]; then
    rm -f "$dir/cycle" "$dir/retry"
    begin_start "$1"
    return
  fi
  if [ ! -e "$dir/started" ]; then
    case $startup,$code in
    none,* | exit,0) startup_done "$1" ;;
    *) startup_failed "$1" "ended with exit code $code" ;;
    esac
  fi
  wants_restart || return 0
  if [ "$restart" = on-interval ] && [ "$code" = 0 ] && [ ! -e "$dir/failed" ]; then
    get "$dir/finished" 0
    [ "$now" -ge "$((value + interval))" ] || return 0
    rm -f "$dir/retry"
  fi
  ! may_retry || begin_start "$1"
}

wants_restart() { # by the policy "restart", after "code"; what its probes failed did not end well
  if [ -e "$dir/failed" ]; then code=failed; fi
  case $restart in
  always | on-interval) return 0 ;;
  on-failure | on-config) [ "$code" != 0 ] ;;
  *) return 1 ;;
  esac
}

note_end() { # unit: once for each end
  [ -e "$dir/running" ] || return 0
  put "$dir/finished" "$now"
  put "$dir/last-exit" "$code"
  rm -f "$dir/running" "$dir/ending" "$dir/ready" "$dir/probe"
  forget_jobs "$1"
  note "$1: ended with exit code $code"
}

# Failures back off: 1 s, doubled up to 60 s, forgotten after 60 s of running.
may_retry() {
  get "$dir/retry" '0 0'
  [ "$now" -ge "${value% *}" ]
}
set_retry() {
  get "$dir/retry" '0 0'
  delay=$((${value#* } * 2))
  [ "$delay" -ge 1 ] || delay=1
  [ "$delay" -le 60 ] || delay=60
  put "$dir/retry" "$((now + delay)) $delay"
}
forget_failures() {
  [ -e "$dir/retry" ] || return 0
  get "$dir/since" 0
  [ "$((now - value))" -lt 60 ] || rm -f "$dir/retry"
}

begin_start() { # unit
  set_retry
  rm -f "$dir/started" "$dir/failed" "$dir/ready" "$dir/probe" "$dir/exit"
  put "$dir/since" "$now"
  hurry=20
  begin_job "$dir/start" start_job "$1"
}
start_job() { # unit; a stop during the pull ends it, once the container is being made it goes on
  pulling=
  trap 'wanted=stop; [ -z "$pulling" ] || kill "$pulling" 2>/dev/null' TERM
  unit_start "$1"
}
start_under_way() { # unit: whether a start has not come to its end; deals with the end
  job_under_way "$dir/start" && return
  [ -e "$dir/start.code" ] || return 1
  end_job "$dir/start"
  if [ "$code" = 0 ]; then
    get "$dir/starts" 0
    put "$dir/starts" "$((value + 1))"
    put "$dir/since" "$now"
    put "$dir/running" yes
    rm -f "$dir/error"
    note "$1: started"
    unit_begun "$1"
  else
    note_file "$1: cannot start: " "$dir/start.out"
    tail -n 1 "$dir/start.out" >"$dir/error"
    get "$dir/retry" '0 0'
    note "$1: next try in ${value#* } s"
  fi
}

begin_end() { # unit stop|kill: in the background; the looks will see it end
  put "$dir/ending" yes
  rm -f "$dir/ready"
  hurry=20
  begin_job "$dir/end" "unit_$2" "$1"
}

# Ends all units, the last defined first, side by side, then the pod.
end_units() {
  phase=running
  heartbeat
  how=$wanted pids=
  note "ending by $how"
  for unit in $units; do kill_job "$run_dir/unit/$unit/start"; done
  for unit in $units; do await_job "$run_dir/unit/$unit/start"; done
  for unit in $(reversed); do
    forget_jobs "$unit"
    ("unit_$how" "$unit" >"$run_dir/unit/$unit/end.out" 2>&1 </dev/null) &
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
  for unit in $units; do
    dir=$run_dir/unit/$unit
    get "$dir/exit" ''
    [ -z "$value" ] || put "$dir/last-exit" "$value"
    rm -f "$dir/running" "$dir/ready" "$dir/probe"
  done
  runner_stopped
  put "$run_dir/phase" stopped
  write_status exited 0 ''
}

reversed() {
  order=
  for unit in $units; do order="$unit $order"; done
  printf '%s' "$order"
}
