# --- files --------------------------------------------------------------------
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

boot_id() { # sets "boot"
  get /proc/sys/kernel/random/boot_id unknown
  boot=$value
}

make_run_dir() {
  mkdir -p "$log_dir" "$run_dir" || fail "Cannot write in $PWD: check who owns it"
}

forget_units() { # what was known of the units' processes no longer holds
  rm -rf "${run_dir:?}/unit"
  for unit in $units; do mkdir -p "$run_dir/unit/$unit" || return 1; done
  boot_id
  put "$run_dir/boot" "$boot"
}

same_boot() {
  boot_id
  get "$run_dir/boot" none
  [ "$value" = "$boot" ]
}

short_nap() { sleep 0.1 2>/dev/null || sleep 1; }
