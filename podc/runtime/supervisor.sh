# --- the supervisor -----------------------------------------------------------
# One process per pod. It observes and acts; what runs does not depend on it: when it dies the next
# one finds everything in the run directory and takes over. Whatever lasts (starts, pulls, probes,
# stops) goes on side by side in jobs; the supervisor itself only looks. Whoever knows that something
# changed wakes it by USR1: jobs and units at their end, actions. Else it looks when something is due.

wanted=  # stop or kill, once somebody asked
woken=   # yes, when there is a reason to look again at once
sleeper= # the process that rest waits for
next=0   # uptime of the next look
beat=0   # uptime of the last written status
shown=   # what the last written status said

supervise() { # [new]: a pod of which nothing has been started
  # First of all: before the lock names this process nobody sends it signals.
  trap 'wanted=${wanted:-stop}; end_rest' TERM HUP
  trap 'wanted=kill; end_rest' USR2
  trap 'woken=yes; end_rest' USR1
  try_lock "$run_dir/supervisor" || exit 0
  know_signals
  put "$run_dir/supervisor.pid" "$$"
  note "supervising $pod"
  for unit in $units; do forget_jobs "$unit"; done
  [ "${1:-}" != new ] || runner_is_new
  while [ -z "$wanted" ]; do
    woken=
    uptime_s
    next=$((now + 5)) # what nobody tells of is found then
    runner_look
    held=
    phase=running
    for unit in $units; do
      [ -n "$wanted" ] || supervise_unit "$unit"
    done
    look_for_changed_configs
    rotate_logs
    heartbeat
    [ -n "$wanted" ] || rest
  done
  end_units
  note "$pod ended"
}

due_by() { # uptime: the next look comes no later
  [ "$1" -ge "$next" ] || next=$1
}
rest() { # until the next look is due, or a signal comes
  [ -z "$woken" ] || return 0
  uptime_s
  [ "$next" -gt "$now" ] || next=$((now + 1))
  sleep "$((next - now))" &
  sleeper=$!
  # A signal from here on ends the sleeper, so none is slept through.
  [ -n "$woken$wanted" ] || wait "$sleeper"
  end_rest
}
end_rest() {
  [ -z "$sleeper" ] || kill -s PIPE "$sleeper" 2>/dev/null # of all signals the one that bash is silent about
  sleeper=
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
  [ "$show" != "$shown" ] || [ "$((now - beat))" -ge 10 ] || return 0
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
  drop "$dir/ending"
  if start_under_way "$1"; then return; fi
  if [ -n "$held" ] && [ ! -e "$dir/starts" ]; then return; fi
  ! may_retry || begin_start "$1"
}

attend_running() {
  if start_under_way "$1"; then return; fi
  if [ -e "$dir/ending" ]; then
    # An end that did not work out is tried again.
    if ! job_under_way "$dir/end"; then
      drop "$dir/ending" "$dir/end."*
      due_by "$((now + 1))"
    fi
    return
  fi
  if [ -s "$dir/cycle" ]; then
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
  if [ -s "$dir/cycle" ]; then
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
    # Whole seconds would begin it early where something else wakes the supervisor.
    get "$dir/finished" 0
    pause_cs=$((value + interval * 100 - now_cs))
    if [ "$pause_cs" -gt 0 ]; then
      due_by "$((now + (pause_cs + 99) / 100))"
      return
    fi
    drop "$dir/retry"
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
  put "$dir/finished" "$now_cs"
  put "$dir/last-exit" "$code"
  rm -f "$dir/running" "$dir/ending" "$dir/ready" "$dir/probe"
  forget_jobs "$1"
  note "$1: ended with exit code $code"
}

# Failures back off: 1 s, doubled up to 60 s, forgotten after 60 s of running.
may_retry() {
  get "$dir/retry" '0 0'
  [ "$now" -lt "${value% *}" ] || return 0
  due_by "${value% *}"
  return 1
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
  [ "$((now - value))" -lt 60 ] || drop "$dir/retry"
}

begin_start() { # unit
  set_retry
  drop "$dir/started" "$dir/failed" "$dir/ready" "$dir/probe" "$dir/exit"
  put "$dir/since" "$now"
  begin_job "$dir/start" start_job "$1"
}
start_job() { # unit; a stop ends a pull; a container that is being made gets made, and is then stopped
  pulling=
  trap 'wanted=stop; [ -z "$pulling" ] || kill "$pulling" 2>/dev/null' TERM
  unit_start "$1"
}
start_under_way() { # unit: whether a start has not come to its end; deals with the end
  job_under_way "$dir/start" && return
  [ -s "$dir/start.code" ] || return 1
  end_job "$dir/start"
  woken=yes
  if [ "$code" = 0 ]; then
    get "$dir/starts" 0
    put "$dir/starts" "$((value + 1))"
    put "$dir/since" "$now"
    flag "$dir/running"
    drop "$dir/error"
    note "$1: started"
    unit_begun "$1"
  else
    note_file "$1: cannot start: " "$dir/start.out"
    # Podman tells the cause before its last line.
    tail -n 3 "$dir/start.out" | sed 's/^time="[^"]*" level=[a-z]* msg=//' | tr '\n' ' ' >"$dir/error"
    get "$dir/retry" '0 0'
    note "$1: next try in ${value#* } s"
  fi
}

begin_end() { # unit stop|kill: in the background; the looks will see it end
  flag "$dir/ending"
  drop "$dir/ready"
  begin_job "$dir/end" "unit_$2" "$1"
}

# Ends all units, then the pod: the last defined first, side by side but for those that a startup probe
# kept waiting at the start. They end before the unit they waited for does.
end_units() {
  phase=running
  heartbeat
  how=$wanted pids=
  note "ending by $how"
  for unit in $units; do kill_job "$run_dir/unit/$unit/start"; done
  for unit in $units; do await_job "$run_dir/unit/$unit/start"; done
  for unit in $units; do forget_jobs "$unit"; done
  set --
  for ending in $(reversed); do
    "spec_$ending"
    if [ "$startup" != none ]; then
      end_together "$@"
      await_ends
      set --
    fi
    set -- "$@" "$ending"
    [ $# -lt 4 ] || {
      end_together "$@"
      set --
    }
  done
  end_together "$@"
  await_ends
  runner_ended
  for unit in $units; do
    dir=$run_dir/unit/$unit
    get "$dir/exit" ''
    [ -z "$value" ] || put "$dir/last-exit" "$value"
    drop "$dir/running" "$dir/ready" "$dir/probe"
  done
  put "$run_dir/phase" stopped
  write_status exited 0 ''
}
end_together() { # units…, at most 4: so many podman ends at a time even on the smallest host
  [ $# -gt 0 ] || return 0
  (
    end_out=$run_dir/unit/$1/end.out
    "unit_$how" "$@" >"$end_out" 2>&1 </dev/null || [ "$how" = kill ] || note_file 'ending: ' "$end_out"
  ) &
  pids="$pids $!"
}
await_ends() { # of "pids"; a kill that is asked for meanwhile comes at once, and for all
  naps=0
  while [ -n "$pids" ]; do
    left=
    for pid in $pids; do ! kill -0 "$pid" 2>/dev/null || left="$left $pid"; done
    pids=$left
    [ -z "$pids" ] || short_nap
    heartbeat
    if [ "$how" = stop ] && [ "$wanted" = kill ]; then
      how='kill'
      for unit in $units; do end_together "$unit"; done
    fi
  done
}

reversed() {
  order=
  for unit in $units; do order="$unit $order"; done
  printf '%s' "$order"
}
