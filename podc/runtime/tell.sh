# --- signals and configs ------------------------------------------------------

# Tells a unit that something changed: by its signal or command when it runs; one without is started
# anew when its policy is on-config or on-interval, and else not bothered.
tell() { # unit why
  target_dir=$run_dir/unit/$1
  "spec_$1"
  get "$target_dir/state" absent
  case $value,$signal in
  absent,*) return 0 ;;
  running,?*)
    note "$1: told of $2"
    tell_output=$(unit_tell "$1" "$signal" 2>&1 </dev/null) || {
      note "$1: cannot be told: $tell_output"
      return 1
    }
    ;;
  *)
    case $restart in
    on-config | on-interval)
      note "$1: starting anew for $2"
      put "$target_dir/cycle" stop
      wake_supervisor
      ;;
    esac
    ;;
  esac
}

# What a unit has to be told by the supervisor waits in its "news"; telling is a job.
attend_news() { # unit
  if [ -s "$dir/tell.code" ] && ! job_under_way "$dir/tell"; then
    end_job "$dir/tell"
    [ "$code" = 0 ] || note_file "$1: could not be told: " "$dir/tell.out"
    rm -f "$dir/tell.out"
  fi
  [ -s "$dir/news" ] || return 0
  get "$dir/state" absent
  if [ "$value,${signal:+yes}" = running,yes ]; then
    ! job_under_way "$dir/tell" || return 0
    get "$dir/news" ''
    note "$1: told of $value"
    begin_job "$dir/tell" unit_tell "$1" "$signal"
  elif [ "$value" != absent ]; then
    tell "$1" "$(cat "$dir/news")"
  fi
  rm -f "$dir/news"
}

# Finds changed configs by their content and has the containers told that mount them. The content is
# only read when a time of change moved, which no program can set back. Those times may count in
# whole seconds: after a change the next look reads once more.
look_for_changed_configs() {
  [ -n "$all_configs" ] || return 0
  if [ "$now" -lt "$configs_at" ]; then
    due_by "$configs_at"
    return
  fi
  configs_at=$((now + 2))
  due_by "$configs_at"
  list=$(find config -exec stat -c '%n %i %s %Z' {} + 2>/dev/null)
  [ "$list" != "$list_seen" ] || [ -n "$list_moved" ] || return 0
  list_moved=
  [ "$list" = "$list_seen" ] || list_moved=yes
  list_seen=$list
  sums=$(config_sums)
  [ "$sums" != "$sums_seen" ] || return 0
  before=$sums_seen sums_seen=$sums
  if [ -z "$before" ] && [ -e "$run_dir/configs" ]; then before=$(cat "$run_dir/configs"); fi
  printf '%s\n' "$sums" >"$run_dir/configs"
  [ -n "$before" ] || return 0 # the first sight
  for config in $all_configs; do
    if [ "$(sums_of "$config" "$sums")" != "$(sums_of "$config" "$before")" ]; then
      for unit in $(mounters "$config"); do put "$run_dir/unit/$unit/news" "config $config"; done
      woken=yes
    fi
  done
}
configs_at=0 list_seen='' list_moved='' sums_seen=''
config_sums() {
  # Names too, for what is empty or a link.
  { find config -print; find config -type f -exec sha256sum {} +; } 2>/dev/null | LC_ALL=C sort
}
sums_of() { # config sums
  printf '%s\n' "$2" | grep -e "^config/$1/" -e "^config/$1\$" -e " config/$1/"
}
mounters() { # config...: the containers that mount any of them
  for unit in $units; do
    "spec_$unit"
    for config in "$@"; do
      case " $configs " in *" $config "*)
        printf '%s\n' "$unit"
        break
        ;;
      esac
    done
  done
}
