# --- probes -------------------------------------------------------------------
# A probe is "<timeout> <interval> <initial delay> <failures that count>", in seconds, and a function
# <kind>_<unit> that runs its command. Each runs as a job of its own.

# Sets "outcome": ok or bad when a run has just ended, else empty. Begins the next run when due.
run_probe() { # kind unit timeout interval delay
  outcome=
  probe=$dir/$1
  if job_under_way "$probe"; then return; fi
  if [ -s "$probe.code" ]; then
    end_job "$probe"
    put "$probe.due" "$((now + $4))"
    due_by "$((now + $4))"
    outcome=bad
    [ "$code" != 0 ] || outcome=ok
    return
  fi
  get "$dir/since" 0
  get "$probe.due" "$((value + $5))"
  if [ "$now" -lt "$value" ]; then
    due_by "$value"
    return
  fi
  probe_timeout=$3
  begin_job "$probe" "$1_$2"
}

attend_startup() { # unit: running, and not yet known to be up
  get "$dir/since" 0
  left=$((value + startup_timeout - now))
  case $startup in
  none)
    startup_done "$1"
    return
    ;;
  cmd)
    outcome=
    [ "$left" -lt 1 ] || run_probe startup "$1" "$left" 1 0
    if [ "$outcome" = ok ]; then
      startup_done "$1"
      return
    fi
    ;;
  esac
  [ -e "$dir/probe" ] || put "$dir/probe" "startup pending"
  due_by "$((now + left))"
  if [ "$left" -le 0 ]; then
    startup_failed "$1" "not up after $startup_timeout s"
    begin_end "$1" stop
  fi
}

startup_done() { # unit
  flag "$dir/started"
  flag "$dir/up"
  drop "$dir/probe" "$dir/startup."*
  woken=yes
  if [ "$startup" = none ]; then return; fi
  note "$1: is up"
  for target in $startup_signals; do put "$run_dir/unit/$target/news" "startup of $1"; done
}

startup_failed() { # unit why
  [ ! -e "$dir/failed" ] || return 0
  flag "$dir/failed"
  note "$1: startup failed: $2"
  echo "startup failed: $2" >"$dir/error"
}

attend_probes() { # unit: up and running
  if [ -n "$readiness" ]; then
    apart "$readiness"
    run_probe readiness "$1" "$p_timeout" "$p_interval" "$p_delay"
    count_failures readiness
    if [ "$outcome" = ok ]; then
      [ -e "$dir/ready" ] || note "$1: is ready"
      flag "$dir/ready"
      drop "$dir/probe"
    elif [ "$outcome" = bad ] && [ "$failures" -ge "$p_threshold" ]; then
      [ ! -e "$dir/ready" ] || note "$1: is not ready"
      drop "$dir/ready"
      put "$dir/probe" "readiness failing ($failures in a row)"
    fi
  fi
  if [ -n "$liveness" ]; then
    apart "$liveness"
    run_probe liveness "$1" "$p_timeout" "$p_interval" "$p_delay"
    count_failures liveness
    if [ "$outcome" = bad ] && [ "$failures" -ge "$p_threshold" ]; then
      note "$1: liveness failed $failures times in a row: restart"
      echo "liveness failed" >"$dir/error"
      flag "$dir/failed"
      begin_end "$1" stop
    fi
  fi
}

count_failures() { # kind: sets "failures" in a row
  get "$dir/$1.failures" 0
  failures=$value
  case $outcome in
  ok) failures=0 ;;
  bad) failures=$((failures + 1)) ;;
  *) return 0 ;;
  esac
  put "$dir/$1.failures" "$failures"
}

apart() { # "timeout interval delay threshold"
  read -r p_timeout p_interval p_delay p_threshold <<END
$1
END
}
