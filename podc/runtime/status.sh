# --- status -------------------------------------------------------------------

write_status() { # status readiness pid
  stamp=$(date +%s)
  {
    get "$run_dir/created" ''
    created=$value
    get "$run_dir/started" ''
    printf '%s: %s\n' pod "$pod" podVersion "$pod_version" hostPorts "$host_ports" created "$created" \
      started "$value" updated "$stamp" status "$1" pid "$3" readiness "$2"
    printf 'containers:\n'
    for unit in $units; do unit_status "$unit"; done
  } >"$status_file.tmp" && mv -f "$status_file.tmp" "$status_file"
}

unit_status() {
  "spec_$1"
  its_dir=$run_dir/unit/$1
  get "$run_dir/interface" ''
  interface=$value
  get "$its_dir/starts" 0
  starts=$value
  get "$its_dir/state" absent
  state=$value
  printf '    - name: %s\n' "$1"
  printf '      %s: %s\n' container "$1-$object" image "$image" restart "$restart" mounts "$mounts" \
    ports "$(filled_ports)" network "$network" startCount "$starts"
  case $state in
  absent) printf '      status: non-existent\n' ;;
  *) printf '      status: %s\n' "$state" ;;
  esac
  if [ "$state" = exited ]; then
    get "$its_dir/exit" 255
    printf '      exitCode: %s\n' "$value"
  fi
  get "$its_dir/error" ''
  [ -z "$value" ] || printf '      error: %s\n' "$value"
}

filled_ports() { # "ports" with the interface where the spec leaves it open
  filled=
  for port in $ports; do
    case $port in :*) port=${interface:+$interface}$port ;; esac
    filled="$filled${filled:+ }${port#:}"
  done
  printf '%s' "$filled"
}

# Whether each unit that ought to run does.
pod_ready() {
  for unit in $units; do
    get "$run_dir/unit/$unit/state" absent
    [ "$value" != running ] || continue
    [ "$value" = exited ] || return 1
    "spec_$unit"
    get "$run_dir/unit/$unit/exit" 255
    # Only a job that did its work and serves no port may be at rest.
    if [ "$value" != 0 ] || [ "$restart" = always ] || [ -n "$ports" ]; then return 1; fi
  done
}

print_status() {
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

status_ready() { supervised && grep -q '^readiness: 1$' "$status_file" 2>/dev/null; }
