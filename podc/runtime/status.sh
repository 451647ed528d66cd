# --- status -------------------------------------------------------------------

# Made in the run directory, as a daemon watches this one. On a full disk the one before stays.
write_status() { # status readiness pid
  stamp=$(date +%s)
  get "$run_dir/created" ''
  created=$value
  get "$run_dir/started" ''
  {
    printf '%s: %s\n' pod "$pod" podVersion "$pod_version" hostPorts "$host_ports" created "$created" \
      started "$value" updated "$stamp" status "$1" pid "$3" readiness "$2" || return 1
    printf 'containers:\n'
    for unit in $units; do unit_status "$unit"; done
  } >"$run_dir/status" && mv -f "$run_dir/status" "$status_file"
}

unit_status() {
  "spec_$1"
  its_dir=$run_dir/unit/$1
  get "$run_dir/interface" ''
  interface=$value
  get "$its_dir/starts" 0
  starts=$value
  fill_ports
  get "$its_dir/state" absent
  state=$value
  printf '    - name: %s\n' "$1"
  printf '      %s: %s\n' container "$1-$object" image "$image" restart "$restart" mounts "$mounts" \
    ports "$filled" network "$network" startCount "$starts"
  case $state in
  absent) printf '      status: non-existent\n' ;;
  *) printf '      status: %s\n' "$state" ;;
  esac
  if [ "$state" = exited ]; then
    get "$its_dir/exit" 255
    printf '      exitCode: %s\n' "$value"
  fi
  [ "$starts" -le 1 ] || printf '      restarts: %s\n' "$((starts - 1))"
  for reason in lastExit:last-exit probe:probe error:error; do
    get "$its_dir/${reason#*:}" ''
    [ -z "$value" ] || printf '      %s: %s\n' "${reason%:*}" "$value"
  done
}

fill_ports() { # sets "filled": "ports" with the interface where the spec leaves it open
  filled=
  for port in $ports; do
    case $port,$interface in
    :*,*:*) port=[$interface]$port ;;
    :*) port=${interface:+$interface}$port ;;
    esac
    filled="$filled${filled:+ }${port#:}"
  done
}

# Whether each unit that ought to run does, is up, and has nothing against it.
pod_ready() {
  for unit in $units; do
    "spec_$unit"
    ready_dir=$run_dir/unit/$unit
    if [ "$restart" = on-interval ] && [ -z "$ports" ]; then
      # Between its runs and during them: what counts is how the last one ended.
      get "$ready_dir/last-exit" 0
      if [ ! -e "$ready_dir/up" ] || [ "$value" != 0 ]; then return 1; fi
      continue
    fi
    [ -e "$ready_dir/started" ] || return 1
    get "$ready_dir/state" absent
    case $value in
    running)
      if [ -n "$readiness" ] && [ ! -e "$ready_dir/ready" ]; then return 1; fi
      ;;
    exited)
      # Only a job that did its work and serves no port may be at rest.
      get "$ready_dir/exit" 255
      if [ "$value" != 0 ] || [ "$restart" = always ] || [ -n "$ports" ]; then return 1; fi
      ;;
    *) return 1 ;;
    esac
  done
}

print_status() { # in text
  if [ ! -e "$status_file" ]; then
    printf 'pod: %s\nstatus: non-existing\n' "$pod"
    return
  fi
  case $(sed -n 's/^status: //p' "$status_file") in
  exited | removed | created) cat "$status_file" ;;
  *)
    if supervised; then cat "$status_file"; else printf 'pod: %s\nstatus: unknown\n' "$pod"; fi
    ;;
  esac
}

status_ready() { # by what this supervisor wrote, not one before it
  supervised || return 1
  its_pid='' its_readiness=''
  while read -r key value; do
    case $key in
    pid:) its_pid=$value ;;
    readiness:) its_readiness=$value && break ;;
    esac
  done 2>/dev/null <"$status_file"
  [ "$its_pid $its_readiness" = "${holder% *} 1" ]
}
