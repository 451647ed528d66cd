# --- command line -------------------------------------------------------------

usage() {
  cat <<END
Usage: $self_name ACTION [OPTIONS] [CONTAINER...]

$pod, compiled by podc: a pod as one script.

  run     [--host-interface=IP] [--wait[=SECONDS]]   create and start, or take over what runs
  stop | kill                    end all containers, gracefully or at once
  rm      [-k|--kill]            stop and remove; volumes, logs and configs stay
  rerun   [-k|--kill] [CONTAINER...]   restart the pod, or just these containers
  create | start                 the two halves of run
  signal  [CONTAINER...]         tell containers to reload, by their signal or command
  reload-configs CONFIG...       the same for the containers that mount these configs
  ps      [--json]               what runs, as the supervisor last saw it
  readiness                      exit 0 when the pod is ready
  logs    [-f|--follow] [-p|--daemon-process] [-t|--timestamp=SINCE] [-l|--limit=N]
          [-s|--stream=stdout,stderr] [-d|--details=ts,age,name,stream] [--json] [CONTAINER...]
                                 merged by time; SINCE: Unix seconds, -90, 10m, 2h, an ISO time;
                                 N: the first, -N: the last
  shell   [-b|--bash] [-c|--container=NAME] [[--] COMMAND...]   a shell or command in a container
  info    [--json]               what this pod is; likewise: version, help
  download [-f|--force]          pull its images
  create-volumes                 make its podman volumes
  create-ramdisks [-l|--list] [-d|--delete]   list, mount or unmount its ramdisks; the latter as root
  purge   [--shared]             remove its volumes, once the pod is removed

Exit code 0, or 1 with the reason on stderr.
END
}
usage_error() {
  error "$@"
  printf 'Try: %s help\n' "$self_name" >&2
  exit 1
}

# Sets kill, force, shared, daemon_process, wait_s, host_interface, timestamp, limit, stream, details and names.
read_options() { # flags options arguments...
  flags=" $1 " valued=" $2 "
  shift 2
  names='' options=yes
  while [ $# -gt 0 ]; do
    word=$1
    shift
    case $options$word in
    yes--) options=no ;;
    yes--*=*)
      key=${word#--} && key=${key%%=*}
      allowed "$valued" "$key" "$word"
      set_option "$key" "${word#*=}"
      ;;
    yes--?*)
      key=${word#--}
      case $flags in *" $key "*) set_option "$key" yes && continue ;; esac
      allowed "$valued" "$key" "$word"
      [ $# -gt 0 ] || usage_error "$word needs a value"
      set_option "$key" "$1" && shift
      ;;
    yes-?)
      key=${word#-}
      long_name "$key"
      case $flags in *" $long "*) set_option "$long" yes && continue ;; esac
      allowed "$valued" "$long" "$word"
      [ $# -gt 0 ] || usage_error "$word needs a value"
      set_option "$long" "$1" && shift
      ;;
    yes-?*) usage_error "Unknown option: $word" ;;
    *) names="$names $word" ;;
    esac
  done
}
allowed() { # list key word
  case $1 in *" $2 "*) ;; *) usage_error "Unknown option: $3" ;; esac
}
long_name() { # what a letter stands for depends on the action
  short_f=force short_l=limit short_d=details
  case $action in
  logs) short_f=follow ;;
  create-ramdisks) short_l=list short_d=delete ;;
  esac
  case $1 in
  k) long='kill' ;;
  j) long=json ;;
  f) long=$short_f ;;
  p) long=daemon-process ;;
  t) long=timestamp ;;
  l) long=$short_l ;;
  s) long=stream ;;
  d) long=$short_d ;;
  *) long=$1 ;;
  esac
}
set_option() { # key value
  [ -n "$2" ] || usage_error "--$1 has an empty value"
  case $1 in
  kill) kill='kill' ;;
  force) force=yes ;;
  follow) follow=yes ;;
  json) json=yes ;;
  list) list=yes ;;
  delete) delete=yes ;;
  shared) shared=yes ;;
  daemon-process) daemon_process=yes ;;
  wait)
    [ "$2" != yes ] || set -- wait 120
    is_number "$2" || usage_error "--wait takes seconds, not \"$2\""
    wait_s=$2
    ;;
  host-interface)
    case $2 in *[!0-9A-Fa-f.:]*) usage_error "--host-interface takes an IP address, not \"$2\"" ;; esac
    host_interface=$2
    ;;
  timestamp) timestamp=$2 ;;
  limit) limit=$2 ;;
  stream) stream=$2 ;;
  details) details=$2 ;;
  esac
}
kill='' force='' follow='' json='' list='' delete='' shared='' daemon_process='' wait_s='' host_interface='' failed=''
timestamp=0 limit=0 stream=stdout,stderr details=ts,name

check_names() {
  for name in $names; do
    case " $units " in
    *" $name "*) ;;
    *) fail "$pod has no container \"$name\"; it has: $units" ;;
    esac
  done
}

main() {
  action=${1:-help}
  [ $# -eq 0 ] || shift
  name_objects
  case $action in
  help | -h | --help) usage ;;
  version | -V | --version) action_version ;;
  info) action_info "$@" ;;
  ps | readiness | logs | stop | kill | rm) "action_$action" "$@" ;;
  create | start | run | rerun | download | purge | signal | shell)
    check_runner
    "action_$action" "$@"
    ;;
  create-ramdisks) action_create_ramdisks "$@" ;;
  create-volumes | reload-configs)
    check_runner
    "action_${action%%-*}_${action#*-}" "$@"
    ;;
  porcelain-supervise) supervise "$@" ;;
  porcelain-keep) keep "$1" ;;
  *) usage_error "Unknown action: $action" ;;
  esac
}

main "$@"
