# shellcheck shell=sh
# Sourced by demo.sh and test.sh. Containers run rootless, so as root these scripts go on as an
# unprivileged user of their own.
#
#   prepare_user        creates the user "sns-test" with what rootless podman needs
#   as_user command...  runs a command as that user, in its home, with a clean environment
#   copy_project        copies the project and its Deno into the user's home: sets "copy"

test_user=sns-test
user_home=/home/$test_user

prepare_user() {
  id "$test_user" >/dev/null 2>&1 || useradd -m -d "$user_home" -s /bin/sh "$test_user"
  grep -q "^$test_user:" /etc/subuid || usermod --add-subuids 200000-265535 --add-subgids 200000-265535 "$test_user"
  user_id=$(id -u "$test_user")
  install -d -m 700 -o "$test_user" -g "$test_user" "/run/user/$user_id"
  # Slirp4netns opens it as the user.
  [ ! -e /dev/net/tun ] || chmod 666 /dev/net/tun
  install -d -o "$test_user" -g "$test_user" "$user_home/.config" "$user_home/.config/containers"
  # There is no systemd session to ask for cgroups here, and crun refuses mixed cgroup versions.
  runtime=crun
  [ -e /sys/fs/cgroup/cgroup.controllers ] || runtime=runc
  printf '[engine]\nruntime="%s"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n' "$runtime" \
    >"$user_home/.config/containers/containers.conf"
  user_path=
  for dir in $(printf '%s' "$PATH" | tr ':' ' '); do
    # Root's own directories are closed to others.
    ! setpriv --reuid "$test_user" --regid "$test_user" --init-groups test -x "$dir" || user_path=$user_path:$dir
  done
  user_path=${user_path#:}
  printf '[storage]\ndriver="overlay"\n' >"$user_home/.config/containers/storage.conf"
}

as_user() (
  cd "$user_home" || exit 1
  exec setpriv --reuid "$test_user" --regid "$test_user" --init-groups \
    env -i HOME="$user_home" USER="$test_user" LOGNAME="$test_user" SHELL=/bin/sh LANG=C.UTF-8 \
    XDG_RUNTIME_DIR="/run/user/$(id -u "$test_user")" PATH="$user_path" ${CI:+CI="$CI"} \
    ${DEMO_WITHOUT_PODMAN:+DEMO_WITHOUT_PODMAN="$DEMO_WITHOUT_PODMAN"} "$@"
)

copy_project() {
  copy=$(as_user mktemp -d "$user_home/project.XXXXXX")
  git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T - --ignore-failed-read 2>/dev/null | tar -xf - -C "$copy"
  mkdir -p "$copy/.deno/bin"
  cp -L .deno/bin/deno "$copy/.deno/bin/deno"
  cp -r .deno/dir "$copy/.deno/dir"
  chown -R "$test_user:" "$copy"
}
