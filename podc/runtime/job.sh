# --- jobs ---------------------------------------------------------------------
# What lasts goes on beside the supervisor. A job NAME leaves its output in NAME.out and, at its end,
# its exit code in NAME.code; NAME.job says which process it is.

begin_job() { # name command...
  job=$1
  shift
  drop "$job.code"
  (
    trap - TERM HUP USR1 USR2
    job_status=0
    "$@" >"$job.out" 2>&1 </dev/null || job_status=$?
    put "$job.code" "$job_status"
    wake_supervisor
  ) &
  start_tick "$!" || tick=gone
  put "$job.job" "$! $tick"
}

job_under_way() { # name
  [ -e "$1.job" ] || return 1
  [ ! -s "$1.code" ] || return 1
  get "$1.job" '0 0'
  if same_process "${value% *}" "${value#* }"; then return 0; fi
  # It is gone. Without a code it was killed.
  [ -s "$1.code" ] || put "$1.code" 137
  return 1
}

end_job() { # name: sets "code"
  get "$1.code" 255
  code=$value
  rm -f "$1.code" "$1.job"
}

kill_job() { # name
  ! job_under_way "$1" || kill "${value% *}" 2>/dev/null
}
no_job() { ! job_under_way "$1"; }
await_job() { # name
  wait_until 130 no_job "$1"
  drop "$1.code" "$1.job"
}

forget_jobs() { # unit: its probes and ends are of no more interest; starts always come to their end
  for job in startup readiness liveness tell end; do
    kill_job "$run_dir/unit/$1/$job"
    drop "$run_dir/unit/$1/$job."*
  done
}
