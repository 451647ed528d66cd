# --- processes ----------------------------------------------------------------

# Sets "tick": when the process started, in clock ticks since boot. Pid and tick together name a
# process for good; a pid alone may have been given to another. Fails when there is no such process.
start_tick() { # pid
  tick=
  { read -r stat </proc/"$1"/stat; } 2>/dev/null || return 1
  case $stat in *') '*) ;; *) tick='?' && return 0 ;; esac
  stat=${stat##*) }
  case $stat in Z*) return 1 ;; esac
  tick=${stat#* * * * * * * * * * * * * * * * * * * }
  tick=${tick%% *}
}

same_process() { # pid tick
  [ "$1" != 0 ] && start_tick "$1" && [ "$tick" = "$2" ]
}

# Becomes a command, with the signals that a background shell ignores set back where env can do that.
become() {
  if [ -n "$reset_signals" ]; then exec env --default-signal=INT,QUIT "$@"; fi
  exec "$@"
}
reset_signals=
if env --default-signal=INT true 2>/dev/null; then reset_signals=yes; fi

# Runs a command in the background until it ends, with the heart beating; sets "step_status".
# A stop request ends it early when the first argument is "stoppable".
step() { # stoppable|whole output-file command...
  stoppable=$1 step_out=$2
  shift 2
  "$@" >"$step_out" 2>&1 </dev/null &
  step_pid=$!
  naps=0
  while kill -0 "$step_pid" 2>/dev/null; do
    if [ "$stoppable" = stoppable ] && [ -n "$wanted" ]; then
      kill "$step_pid" 2>/dev/null
      break
    fi
    naps=$((naps + 1))
    if [ "$naps" -le 10 ]; then short_nap; else nap; fi
    heartbeat
  done
  # A trapped signal ends "wait" early with 128+n, so ask until the child is gone.
  while :; do
    wait "$step_pid"
    step_status=$?
    kill -0 "$step_pid" 2>/dev/null || break
  done
  return "$step_status"
}

# One second, or less when a signal arrives.
nap() {
  sleep 1 &
  wait $!
}

# Waits for a condition; fails when it does not come true in time.
wait_until() { # seconds command...
  uptime_s
  wait_limit=$((now + $1))
  shift
  until "$@"; do
    uptime_s
    [ "$now" -lt "$wait_limit" ] || return 1
    short_nap
  done
}
