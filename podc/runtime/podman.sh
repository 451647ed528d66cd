# --- containers, by podman ----------------------------------------------------
# The runner of container pods. The supervisor calls runner_… for the pod and unit_… for one container.

# Sets what podman knows the pod by. Hosts that live side by side on one machine are told apart by
# their loopback interface: there the names end with it, so that they do not take each other's.
name_objects() {
  suffix=
  get "$run_dir/interface" ''
  case $value in
  127.0.0.1) ;;
  127.*) suffix=-$value ;;
  esac
  object=$pod$suffix
  # Podman hands the labels of a pod down to its infra container, so the containers have one of their own.
  container_label=simplenetes.container=$object
}

podman_now() { # a podman command that answers soon
  timeout 60 podman "$@"
}

check_runner() { # which podman is known to be new enough is remembered
  program=$(command -v podman) || fail "This pod runs containers and needs podman 4.3 or newer, which is not on PATH ($PATH)"
  file=$(ls -Lli "$program")
  get "$run_dir/podman" ''
  [ "$value" != "$file" ] || return 0
  version=$(podman --version 2>/dev/null)
  case ${version##* } in
  [0-3].* | 4.[0-2].* | 4.[0-2]) fail "This pod needs podman 4.3 or newer, here is ${version##* }" ;;
  esac
  make_run_dir
  put "$run_dir/podman" "$file"
}

runner_exists() { podman_now pod exists "$object"; }

# Whether what runs now can be taken over as it is.
runner_adoptable() {
  case $(podman_now pod inspect --format '{{.State}}' "$object" 2>/dev/null) in
  Running | Degraded) ;;
  *) return 1 ;;
  esac
  [ -n "$(podman_now ps -q --filter "label=$container_label" --filter status=running 2>/dev/null)" ]
}

runner_create() {
  name_objects
  make_ramdisk_dirs || return 1
  create_volumes || return 1
  outside=no
  for unit in $units; do
    "spec_$unit"
    [ -z "$network" ] || outside=yes
  done
  put "$run_dir/outside" "$outside"
  get "$run_dir/interface" ''
  case $value in
  '') set -- '' ;;
  0.0.0.0) set -- "$value:" ;; # no address that a container could reach the proxy at
  *:*) set -- "[$value]:" --add-host "proxy:$value" ;;
  *) set -- "$value:" --add-host "proxy:$value" ;;
  esac
  create_podman_pod "$@" >/dev/null
}

runner_remove() { # the podman pod with all in it, and what of ours may be outside of it; or nothing
  get "$run_dir/outside" yes
  [ "$value" = no ] || podman_now rm -f -i -t 0 --filter "label=$container_label" >/dev/null || return 1
  podman_now pod rm -f -i -t 0 "$object" >/dev/null
}

# Brings what is known of all containers up to date. Asking the kernel is cheap, podman is only
# asked when a process is gone, and now and then for what changed behind our back: seldom when all
# run, as then nothing can be started by others.
looked=0 # uptime of the last thorough look
runner_is_new() { # as nothing has been started, there is nothing to ask for
  uptime_s
  looked=$now
}
runner_look() {
  look=0 every=300 watched_now=' '
  for unit in $units; do
    get "$run_dir/unit/$unit/state" absent
    if [ "$value" != running ]; then
      every=30
      continue
    fi
    read -r pid tick_seen <"$run_dir/unit/$unit/process"
    if same_process "$pid" "$tick_seen"; then
      case $watched in *" $pid.$tick "*) ;; *) watch_end "$parent" ;; esac
      watched_now="$watched_now$pid.$tick "
    else
      look=1
      due_by "$((now + 1))"
    fi
  done
  watched=$watched_now
  if [ "$look" = 1 ] || [ "$((now - looked))" -ge "$every" ]; then look_again; fi
}
look_again() {
  listed=$(podman_now ps -a --filter "label=$container_label" --format '{{.Names}} {{.ExitCode}} {{.Pid}} {{.State}}' 2>"$run_dir/look.out") || {
    note_file 'podman ps: ' "$run_dir/look.out"
    return 1
  }
  looked=$now
  for unit in $units; do
    its_code=0 its_pid=0 its_state=absent
    while read -r name code pid state; do
      [ "$name" != "$unit-$object" ] || its_code=$code its_pid=$pid its_state=$state
    done <<END
$listed
END
    learn_state "$unit" "$its_code" "$its_pid" "$its_state"
  done
}
learn_state() { # unit exit-code pid state; older podmans print "Up 2 minutes ago" for the state
  case $4 in
  Up* | running | [Pp]aused | [Ss]topping)
    if ! start_tick "$3"; then
      # Ending just now; the next look tells how. Without its conmon podman never gets to know.
      get "$run_dir/unit/$1/gone" "$now"
      put "$run_dir/unit/$1/gone" "$value"
      [ "$((now - value))" -ge 5 ] || return 0
      put "$run_dir/unit/$1/exit" 255
      put "$run_dir/unit/$1/state" exited
      return
    fi
    rm -f "$run_dir/unit/$1/gone"
    put "$run_dir/unit/$1/process" "$3 $tick"
    put "$run_dir/unit/$1/state" running
    ;;
  [Ee]xited* | [Ss]topped)
    rm -f "$run_dir/unit/$1/gone"
    put "$run_dir/unit/$1/exit" "$2"
    put "$run_dir/unit/$1/state" exited
    ;;
  *) put "$run_dir/unit/$1/state" absent ;;
  esac
}

# Wakes the supervisor when a conmon ends. Conmon keeps its pipe for the sizes of terminals open as
# long as it lives; nothing comes through it, as no container here has a terminal.
watched=' ' # the processes of containers that are watched
watch_end() { # pid of conmon
  sizes=$(conmon_dir "$1")/winsz
  [ -p "$sizes" ] || return 0
  (
    trap - TERM HUP USR1 USR2
    while read -r _; do :; done <"$sizes"
    wake_supervisor
  ) >/dev/null 2>&1 &
}
conmon_dir() { # pid of conmon: prints where its pipes are
  tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | sed -n '/^-b$/{n;p;}'
}

unit_start() { # unit; says on stderr why it cannot
  "spec_$1"
  missing=$(printf '%s' "$host_paths" | while IFS= read -r path; do [ -e "$path" ] || printf '%s ' "$path"; done)
  [ -z "$missing" ] || {
    echo "no such path on this host: $missing" >&2
    return 1
  }
  [ "$pull" != always ] || pull_image "$1" || return 1
  try_launch "$1" 2>"$run_dir/unit/$1/start.err" && return
  # What may be missing is looked for only when it did not work: the image, or the podman pod, which
  # somebody may have removed behind our back.
  again=
  if [ "$pull" = missing ] && ! podman_now image exists "$image"; then
    pull_image "$1" || return 1
    again=yes
  fi
  if [ -z "$network" ] && ! runner_exists; then
    runner_create || return 1
    again=yes
  fi
  if [ -n "$again" ]; then
    try_launch "$1"
  else
    cat "$run_dir/unit/$1/start.err" >&2
    return 1
  fi
}
try_launch() { # unit
  "spec_$1"
  [ -z "$wanted" ] || return 1
  container=$1-$object unit_log=$1-$pod
  pid_file=$PWD/$run_dir/unit/$1/pid
  ("launch_$1") >/dev/null
}
unit_begun() { # unit; podman left the pid of its process
  get "$run_dir/unit/$1/pid" 0
  if start_tick "$value"; then
    put "$run_dir/unit/$1/process" "$value $tick"
    put "$run_dir/unit/$1/state" running
  else
    look_again # it has ended already
  fi
}
pull_image() { # unit
  note "$1: pulling $image"
  (become podman pull -q "$image" >/dev/null) &
  pulling=$!
  wait "$pulling"
}
run_container() { # options… image args…
  # One in the pod has the proxy's name from the pod.
  get "$run_dir/interface" ''
  case $network,$value in
  *, | *,0.0.0.0) ;;
  host,*) set -- --add-host "proxy:$value" "$@" ;;
  esac
  "${become_podman:-become}" timeout 120 podman run -d --replace --pull never --name "$container" --label "$container_label" \
    --pidfile "$pid_file" --stop-timeout "$stop_timeout" --log-driver k8s-file --log-opt "path=$PWD/$log_dir/$unit_log.log" "$@"
}

unit_stop() { # units…; each has the stop timeout that it was started with
  for unit in "$@"; do
    shift
    set -- "$@" "$unit-$object"
  done
  timeout "$((longest_stop + 60))" podman stop -i "$@"
}
unit_kill() { # units…
  for unit in "$@"; do
    shift
    set -- "$@" "$unit-$object"
  done
  podman_now kill "$@"
}

unit_tell() { # unit signal: "sig NAME" or "cmd"
  case $2 in
  sig\ *) podman_now kill --signal "${2#sig }" "$1-$object" >/dev/null ;;
  *) probe_timeout=60 && "tell_$1" ;;
  esac
}

# Runs a command in the container "unit" for a probe or signal; one that takes too long is ended, in
# the container too. Its processes are known by a mark in their environment.
in_unit() { # unit command...
  in_container=$1-$object mark=simplenetes_probe=$1-$$-$now
  shift
  in_status=0
  timeout -s KILL "$probe_timeout" podman exec --env "$mark" "$in_container" "$@" || in_status=$?
  [ "$in_status" != 137 ] || end_marked "$mark"
  return "$in_status"
}
end_marked() { # mark
  # Inside of podman's user namespace the processes of all container users can be seen.
  if [ "$(id -u)" = 0 ]; then
    sh -c "$(end_marked_program)" sh "$1"
  else
    podman unshare sh -c "$(end_marked_program)" sh "$1"
  fi
}

run_shell() { # unit bash|sh words...
  shell=$2 in_container=$1-$object
  shift 2
  [ $# -gt 0 ] || set -- "$shell"
  terminal=-i
  if [ -t 0 ] && [ -t 1 ]; then terminal=-it; fi
  exec podman exec "$terminal" "$in_container" "$@"
}

runner_ended() { # all containers have
  # Only now the network goes: what drains needs it to its end.
  podman_now pod stop -t 0 "$object" >/dev/null 2>&1 &
  stopping=$!
  look_again
  wait "$stopping"
}

# Conmon drops the lines that it has no room for. That some may be missing is told once there is room.
no_room=
look_at_room() {
  room=$(stat -f -c %a "$log_dir" 2>/dev/null) || return 0
  if [ "$room" = 0 ]; then
    no_room=yes
  elif [ -n "$no_room" ]; then
    note "the disk was full: lines may be missing here, and from the logs of the containers" && no_room=
  fi
}

reopen_log() { # unit: makes conmon write into a new file
  get "$run_dir/unit/$1/process" '0 0'
  same_process "${value% *}" "${value#* }" || return 0
  ctl=$(conmon_dir "$parent")/ctl
  # Opened for reading too, because opening a pipe only to write waits for a reader for ever.
  [ ! -p "$ctl" ] || printf '2 0 0\n' 1<>"$ctl"
}
