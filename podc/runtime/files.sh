# --- files --------------------------------------------------------------------
# Beside the script: log/ and the run directory, which holds what a supervisor must know to take
# over from one that died. Nothing in it is needed after a reboot but "interface".

status_file=.$self_name.status
run_dir=.$self_name.run
log_dir=log

# Replaces a small file in one step. One that is not there yet is written in place: until it has its
# text it is empty, which for "get" and "test -s" is the same as not being there.
put() { # file text
  if [ -s "$1" ]; then
    printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
  else
    printf '%s\n' "$2" >"$1"
  fi
}

flag() { # file: makes an empty one, whose being there says it all
  : >"$1"
}

drop() { # files…: removes those that are there; without a process when none is
  for dropped in "$@"; do
    if [ -e "$dropped" ]; then
      rm -f "$@"
      return
    fi
  done
}

get() { # file default: sets "value" to the file's first line
  value=$2
  if [ -r "$1" ]; then read -r value <"$1" || [ -n "$value" ] || value=$2; fi
}

uptime_s() { # sets "now": seconds since boot, a clock that nobody sets; and "now_cs": the same in hundredths
  read -r now_cs _ </proc/uptime
  now=${now_cs%%.*}
  now_cs=$now${now_cs#*.}
}

boot_id() { # sets "boot"
  get /proc/sys/kernel/random/boot_id unknown
  boot=$value
}

make_run_dir() {
  if [ -d "$log_dir" ] && [ -d "$run_dir" ]; then return; fi
  mkdir -p "$log_dir" "$run_dir" || fail "Cannot write in $PWD: check who owns it"
}

forget_units() { # what was known of the units' processes no longer holds
  rm -rf "${run_dir:?}/unit"
  set --
  for unit in $units; do set -- "$@" "$run_dir/unit/$unit"; done
  [ $# -eq 0 ] || mkdir -p "$@" || return 1
  boot_id
  put "$run_dir/boot" "$boot"
}

same_boot() {
  boot_id
  get "$run_dir/boot" none
  [ "$value" = "$boot" ]
}

# For what is awaited right now: the longer it takes, the less often it is looked at.
short_nap() {
  naps=$((naps + 1))
  if [ "$naps" -lt 50 ]; then nap_s=0.02; else nap_s=0.1; fi
  sleep "$nap_s" 2>/dev/null || sleep 1
}
naps=0
