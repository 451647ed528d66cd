# --- processes ----------------------------------------------------------------

# Sets "tick": when the process started, in clock ticks since boot, and "parent". Pid and tick together name a
# process for good; a pid alone may have been given to another. Fails when there is no such process.
start_tick() { # pid
  tick=
  { read -r stat </proc/"$1"/stat; } 2>/dev/null || return 1
  case $stat in *') '*) ;; *) tick='?' && return 0 ;; esac
  stat=${stat##*) }
  case $stat in Z*) return 1 ;; esac
  parent=${stat#* } && parent=${parent%% *}
  # Field by field: shells take milliseconds for one pattern with as many stars.
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do stat=${stat#* }; done
  tick=${stat%% *}
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
know_signals() { # to be called before anything is become; most actions start nothing and need not ask
  if env --default-signal=INT true 2>/dev/null; then reset_signals=yes; fi
}

# Waits for a condition; fails when it does not come true in time.
wait_until() { # seconds command...
  uptime_s
  wait_limit=$((now + $1)) naps=0
  shift
  until "$@"; do
    uptime_s
    [ "$now" -lt "$wait_limit" ] || return 1
    short_nap
  done
}
