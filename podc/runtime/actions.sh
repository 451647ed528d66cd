# --- actions ------------------------------------------------------------------

spawn_supervisor() { # [new]: nothing of the pod has been started
  setsid "$self" porcelain-supervise "$@" </dev/null >"$run_dir/supervisor.out" 2>&1 &
  wait_until 10 supervised || fail "The supervisor of $pod did not start: $(cat "$run_dir/supervisor.out")"
}

unsupervised() { ! supervised; }

create_pod() { # [interface]: a new pod, whatever of an old one is left
  get "$run_dir/phase" none
  [ "$value" = none ] || runner_remove || fail "Cannot remove what is left of $pod"
  [ -z "$1" ] || put "$run_dir/interface" "$1"
  forget_units
  # Where no file says so, something may be left none the less.
  runner_create 2>/dev/null || { runner_remove && runner_create; } || fail "Cannot create $pod"
  stamp=$(date +%s)
  drop "$run_dir/created" "$run_dir/started"
  put "$run_dir/created" "$stamp"
}

start_pod() { # Unix seconds
  put "$run_dir/phase" started
  put "$run_dir/started" "$1"
  spawn_supervisor new
}

action_create() {
  read_options '' 'host-interface' "$@"
  lock_actions
  supervised && return
  get "$run_dir/phase" none
  if [ "$value" = created ] && same_boot && runner_exists; then return; fi
  create_pod "$host_interface"
  put "$run_dir/phase" created
  write_status created 0 ''
}

action_start() {
  read_options '' '' "$@"
  lock_actions
  supervised && return
  get "$run_dir/phase" none
  if [ "$value" != created ] || ! same_boot || ! runner_exists; then
    fail "$pod is not in state created: use run"
  fi
  start_pod "$(date +%s)"
}

action_run() {
  read_options 'wait' 'host-interface wait' "$@"
  lock_actions
  run_pod
  [ -z "$wait_s" ] || await_ready
}
run_pod() {
  supervised && return
  get "$run_dir/phase" none
  phase=$value
  if [ "$phase" = started ] && runner_adoptable; then
    info "$pod already runs without a supervisor: taking it over"
    spawn_supervisor
    return
  fi
  if [ "$phase" != created ] || ! same_boot || ! runner_exists || [ -n "$host_interface" ]; then
    create_pod "$host_interface"
  else
    stamp=$(date +%s)
  fi
  start_pod "$stamp"
}
await_ready() {
  unlock_actions
  wait_until "$wait_s" status_ready || {
    print_status >&2
    fail "$pod is not ready after $wait_s s"
  }
}

action_stop() {
  read_options '' '' "$@"
  lock_actions
  end_pod TERM stop
}
action_kill() {
  read_options '' '' "$@"
  lock_actions
  end_pod USR2 kill
}
end_pod() { # signal how
  if supervised; then
    signal_supervisor "$1"
    wait_until "$((longest_stop + 90))" unsupervised || fail "The supervisor of $pod does not end; try: $self kill"
  fi
  get "$run_dir/phase" none
  if [ "$value" != started ] || ! runner_exists; then return; fi
  # Its supervisor is gone, just now perhaps: this process stands in for it.
  wanted=$2 phase=running
  runner_look
  end_units
}

action_rm() {
  read_options 'kill' '' "$@"
  lock_actions
  remove_pod
}
remove_pod() {
  how=stop signal=TERM
  [ -z "$kill" ] || how=kill signal=USR2
  end_pod "$signal" "$how"
  runner_remove || fail "Cannot remove $pod"
  [ -e "$run_dir/phase" ] || return 0
  remove_ramdisk_dirs
  rm -rf "${run_dir:?}/unit" "$run_dir/phase" "$run_dir/created" "$run_dir/started" "$run_dir/outside" \
    "$run_dir/supervisor.pid"
  write_status removed 0 ''
}

action_rerun() {
  read_options 'kill' 'host-interface' "$@"
  if [ -z "$names" ]; then
    lock_actions
    remove_pod
    run_pod
    return
  fi
  [ -z "$host_interface" ] || usage_error "--host-interface goes with a rerun of the whole pod only"
  supervised || fail "$pod does not run: nothing to restart"
  check_names
  for name in $names; do put "$run_dir/unit/$name/cycle" "${kill:-stop}"; done
  wake_supervisor
}

action_readiness() { status_ready; }

action_ps() {
  read_options 'json' '' "$@"
  if [ -n "$json" ]; then print_status | as_json; else print_status; fi
}
as_json() { LC_ALL=C awk "$(status_json_program)"; }

action_version() { printf 'api %s\nruntime %s\npodVersion %s\n' "$pod_api" "$pod_runtime" "$pod_version"; }

action_info() {
  read_options 'json' '' "$@"
  if [ -n "$json" ]; then print_info | as_json; else print_info; fi
}
print_info() {
  printf '%s: %s\n' pod "$pod" podVersion "$pod_version" hostPorts "$host_ports" labels "$labels" \
    volumes "$(printf '%s' "$volumes" | cut -d ' ' -f 1 | tr '\n' ' ')" ramdisks "$(list_ramdisks | tr '\n' ' ')"
  printf 'containers:\n'
  interface=
  for unit in $units; do
    "spec_$unit"
    fill_ports
    printf '    - name: %s\n' "$unit"
    printf '      %s: %s\n' container "$unit-$object" image "$image" configs "$configs" restart "$restart" \
      mounts "$mounts" ports "$filled" network "$network"
  done
}

action_download() {
  read_options 'force' '' "$@"
  for unit in $units; do
    "spec_$unit"
    [ -n "$image" ] || continue
    if [ -z "$force" ] && podman_now image exists "$image"; then continue; fi
    podman pull -q "$image" >/dev/null || failed="$failed $image"
  done
  [ -z "$failed" ] || fail "Cannot pull:$failed"
}

action_create_volumes() {
  lock_actions
  create_volumes
}

action_create_ramdisks() {
  read_options 'list delete' '' "$@"
  if [ -n "$list" ]; then
    list_ramdisks
    return
  fi
  [ "$(id -u)" = 0 ] || fail "Only root can mount ramdisks; as another user the pod makes plain directories by itself"
  if [ -n "$delete" ]; then
    unmount_ramdisks || fail "Cannot unmount the ramdisks of $pod"
  else
    mount_ramdisks || fail "Cannot mount the ramdisks of $pod"
  fi
}

action_signal() {
  read_options '' '' "$@"
  check_names
  lock_actions
  tell_all "${names:-$units}" "the action signal"
}

action_reload_configs() {
  read_options '' '' "$@"
  [ -n "$names" ] || usage_error "reload-configs takes the names of configs"
  supervised || fail "$pod does not run: it reads its configs when it starts"
  lock_actions
  # Names are words without blanks or globs: others are no configs.
  tell_all "$(printf '%s\n' "$names" | tr ' ' '\n' | while read -r config; do mounters "$config"; done | sort -u | tr '\n' ' ')" "the action reload-configs"
}

tell_all() { # units why
  know_signals
  for name in $1; do
    get "$run_dir/unit/$name/state" absent
    if [ "$value" = absent ]; then
      [ -z "$names" ] || failed="$failed $name"
      continue
    fi
    tell "$name" "$2" || failed="$failed $name"
  done
  [ -z "$failed" ] || fail "Could not be told:$failed; see: $self logs -p"
}

action_shell() {
  container='' shell=sh
  while [ $# -gt 0 ]; do
    case $1 in
    -b | --bash) shell=bash ;;
    -c | --container)
      [ $# -gt 1 ] || usage_error "$1 needs the name of a container"
      container=$2 && shift
      ;;
    --container=*) container=${1#*=} ;;
    --)
      shift
      break
      ;;
    -*) usage_error "Unknown option: $1" ;;
    *) break ;;
    esac
    shift
  done
  names=${container:-${units##* }}
  check_names
  run_shell "${names# }" "$shell" "$@"
}

action_purge() {
  read_options 'shared' '' "$@"
  lock_actions
  if supervised || runner_exists; then fail "$pod exists: remove it first with: $self rm"; fi
  purge_volumes "${shared:-no}" || fail "Some volumes of $pod are still there"
}

action_logs() {
  read_options 'daemon-process follow json' 'timestamp limit stream details' "$@"
  check_names
  if [ -z "$names" ] && [ -z "$daemon_process" ]; then names="$units $pod"; fi
  [ -z "$daemon_process" ] || names="$names $pod"
  is_number "${limit#-}" || usage_error "--limit takes a number of lines, not \"$limit\""
  since_time "$timestamp"
  [ -z "$json" ] || details=json
  if [ -n "$follow" ]; then follow_logs; else print_logs; fi
}
since_time() { # text: sets "since" to Unix seconds; 90, -90, 10m, 2h and 1d ago
  case $1 in
  -*) ago=${1#-} ;;
  *s) ago=${1%s} ;;
  *m) ago=${1%m} && is_number "$ago" && ago=$((ago * 60)) ;;
  *h) ago=${1%h} && is_number "$ago" && ago=$((ago * 3600)) ;;
  *d) ago=${1%d} && is_number "$ago" && ago=$((ago * 86400)) ;;
  [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*) ago='' since=$(printf '%s\n' "$1" | awk "$(iso_time_program)") ;;
  *) ago='' since=$1 ;;
  esac
  is_number "${ago:-$since}" ||
    usage_error "--timestamp takes Unix seconds, -90, 10m, 2h, 1d or 2026-01-31T12:00:00Z; not \"$1\""
  [ -z "$ago" ] || since=$(($(date +%s) - ago))
}
is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac }
