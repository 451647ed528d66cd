# --- podman volumes -----------------------------------------------------------
# "volumes" lists them, one "<podman name> <no|pod|host>" a line.

full_volume_name() { # of "volume"; a volume of the whole host is one for all
  [ "$sharing" = host ] || volume=$volume$suffix
}

create_volumes() {
  [ -n "$volumes" ] || return 0
  printf '%s' "$volumes" | while read -r volume sharing; do
    full_volume_name
    podman_now volume exists "$volume" || podman_now volume create --label "simplenetes.name=$pod_name" "$volume" >/dev/null || exit 1
  done
}

purge_volumes() { # shared too when $1 is yes
  printf '%s' "$volumes" | while read -r volume sharing; do
    full_volume_name
    case $sharing in
    host) continue ;;
    pod)
      [ "$1" = yes ] || continue
      if [ -n "$(podman_now pod ps -q --filter "label=simplenetes.name=$pod_name")" ]; then
        warn "Volume $volume stays: another version of $pod_name exists"
        continue
      fi
      ;;
    esac
    ! podman_now volume exists "$volume" || podman_now volume rm "$volume" >/dev/null || exit 1
  done
}
