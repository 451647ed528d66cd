# --- locks --------------------------------------------------------------------
# A lock is a row of files NAME.1, NAME.2, … of which the newest counts; it says which process holds
# it: "<pid> <start tick> <boot id>". A holder that died, by kill -9 or a reboot, holds nothing.
# Who wants a free lock links the next number, which only one can. The newest file is never removed.

newest_lock() { # name: sets "newest"
  newest=0
  for lock_file in "$1".[0-9]*; do
    number=${lock_file##*.}
    if [ -e "$lock_file" ] && [ "$number" -gt "$newest" ]; then newest=$number; fi
  done
}

held() { # name
  newest_lock "$1"
  [ "$newest" -gt 0 ] || return 1
  get "$1.$newest" '0 0 none'
  holder=$value
  boot_id
  [ "${holder##* }" = "$boot" ] || return 1
  holder=${holder% *}
  same_process "${holder% *}" "${holder#* }"
}

try_lock() { # name: for this process, until it ends or unlocks
  ! held "$1" || return 1
  mine=$((newest + 1))
  start_tick "$$"
  boot_id
  echo "$$ $tick $boot" >"$1.new.$$"
  ln "$1.new.$$" "$1.$mine" 2>/dev/null || {
    rm -f "$1.new.$$"
    return 1
  }
  newest_lock "$1"
  if [ "$newest" != "$mine" ]; then # came too late: others took this number and more meanwhile
    rm -f "$1.new.$$" "$1.$mine"
    return 1
  fi
  lock_name=$1
  set -- "$1.new.$$"
  # The one before stays: somebody may just be looking for the newest.
  for lock_file in "$lock_name".[0-9]*; do
    [ "${lock_file##*.}" -ge "$((mine - 1))" ] || set -- "$@" "$lock_file"
  done
  rm -f "$@"
}

# One action that changes the pod at a time; held until the process ends.
lock_actions() {
  make_run_dir
  wait_until 300 try_lock "$run_dir/action" ||
    fail "Another action on $pod has not ended for 300 s: process ${holder% *}"
  action_lock=$run_dir/action.$mine
}
unlock_actions() { put "$action_lock" '0 0 none'; }

supervised() { held "$run_dir/supervisor"; }

signal_supervisor() { # signal; sent only to the process that holds the lock
  ! supervised || kill -s "$1" "${holder% *}" 2>/dev/null
}
wake_supervisor() { signal_supervisor USR1; } # it looks at once
