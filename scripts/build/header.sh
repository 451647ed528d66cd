#!/bin/sh
# Simplenetes @VERSION@ for @TARGET@, in one file: this text, deno and the programs, compressed.
#
#   simplenetes install [PREFIX]        puts the programs into PREFIX/bin, for all users; /usr/local
#                                       keeps this file in PREFIX/lib for sns host setup install
#   simplenetes sns|podc|simplenetesd|simplenetes-proxy|simplenetes-letsencrypt [argument...]
#
# A link to it with the name of a program is that program. Without `install` it unpacks once, into
# SIMPLENETES_CACHE, CACHE_DIRECTORY or ~/.cache/simplenetes.
set -u
version=@VERSION@ target=@TARGET@
deno_sum=@DENO_SUM@ deno_at=@DENO_AT@ deno_size=@DENO_SIZE@
apps_sum=@APPS_SUM@ apps_at=@APPS_AT@ apps_size=@APPS_SIZE@
# No shell ends with this by itself.
damaged=77
programs='sns podc simplenetesd simplenetes-proxy simplenetes-letsencrypt'
deno=deno-${deno_sum%"${deno_sum#????????????}"} apps=apps-${apps_sum%"${apps_sum#????????????}"}

self=$0
case $self in */*) ;; *) self=$(command -v -- "$0") || self=$0 ;; esac
name=${0##*/}

fail() { # text
  printf '%s: %s\n' "$name" "$1" >&2
  exit 126
}

usage() {
  sed -n '2,/^set/{ /^#/s/^# \{0,1\}//p; }' <"$self"
}

# One of the two parts, checked, on stdout uncompressed.
part() { # at, size, sum
  tail -c +$(($1 + 1)) -- "$self" | head -c "$2" >"$new/part" || return 1 # no room?
  sum=$(sha256sum <"$new/part") || return 1
  [ "${sum%% *}" = "$3" ] || return "$damaged"
  gzip -dc <"$new/part"
}

ready() { # directory
  [ -x "$1/$deno" ] && [ -d "$1/$apps" ]
}

# Unpacks into a directory; ends with $damaged when this file is.
unpack() ( # directory, umask
  umask "$2"
  mkdir -p -- "$1" && [ -w "$1" ] || exit 1
  exec 9>"$1/.lock" || exit 1
  flock 9 2>/dev/null # where there is one; without it two may unpack, harmlessly
  ready "$1" && exit 0
  rm -rf -- "$1"/.new.* # left by one that was killed
  new=$(mktemp -d "$1/.new.XXXXXX") || exit 1
  trap 'rm -rf -- "$new"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ ! -x "$1/$deno" ]; then
    part "$deno_at" "$deno_size" "$deno_sum" >"$new/deno" || exit
    chmod 755 "$new/deno" || exit 1
    "$new/deno" --version </dev/null >/dev/null || exit 1 # noexec, or not this kind of machine
    mv -f -- "$new/deno" "$1/$deno" || exit 1
  fi
  [ -d "$1/$apps" ] || {
    mkdir "$new/apps" && part "$apps_at" "$apps_size" "$apps_sum" >"$new/apps.tar" || exit
    tar -xf "$new/apps.tar" -C "$new/apps" && mv -- "$new/apps" "$1/$apps" || exit 1
  }
)

# A directory with everything in it, that nobody else can write to, in $home.
find_home() {
  user_cache=
  [ -d "${HOME-}" ] && user_cache=${XDG_CACHE_HOME:-$HOME/.cache}/simplenetes
  set -- "${SIMPLENETES_CACHE-}" "${CACHE_DIRECTORY-}" "$user_cache"
  for home; do
    case $home in /*) ready "$home" && mine "$home" && return ;; esac
  done
  for home; do
    case $home in /*) ;; *) continue ;; esac
    said=$(unpack "$home" 077 2>&1)
    case $? in
      0) mine "$home" && return ;;
      "$damaged") fail "$self is damaged; get it again" ;;
    esac
  done
  fail "no place to unpack to (set SIMPLENETES_CACHE to a directory that is not noexec): $said"
}

mine() { # directory
  [ -O "$1" ] && [ ! -L "$1" ]
}

install() { # prefix
  lib=$1/lib/simplenetes bin=$1/bin
  case $1 in /*) ;; *) fail "install: $1 is no absolute path" ;; esac
  said=$(unpack "$lib" 022 2>&1)
  case $? in
    0) ;;
    "$damaged") fail "$self is damaged; get it again" ;;
    *) fail "cannot install into $lib: $said" ;;
  esac
  kept=$lib/simplenetes-$version-$target
  [ "$self" = "$kept" ] || {
    cp -f -- "$self" "$lib/.kept.new" && chmod 755 "$lib/.kept.new" && mv -f -- "$lib/.kept.new" "$kept"
  } || fail "cannot write $kept"
  for old in "$lib"/simplenetes-*; do
    [ "$old" = "$kept" ] || rm -f -- "$old"
  done
  mkdir -p -- "$bin" || exit 1
  for program in $programs; do
    if launcher "$program" >"$bin/.$program.new" && chmod 755 "$bin/.$program.new"; then
      mv -f -- "$bin/.$program.new" "$bin/$program" && continue
    fi
    fail "cannot write $bin/$program"
  done
  for completion in bash:bash-completion/completions/sns zsh:zsh/site-functions/_sns \
    fish:fish/vendor_completions.d/sns.fish; do
    file=$1/share/${completion#*:}
    mkdir -p -- "${file%/*}" && "$bin/sns" completion "${completion%%:*}" >"$file.new" &&
      chmod 644 "$file.new" && mv -f -- "$file.new" "$file" || fail "cannot write $file"
  done
  # Those of an older version that still runs have their files open, workers of a proxy included.
  for old in "$lib"/deno-* "$lib"/apps-*; do
    case ${old##*/} in "$deno" | "$apps") continue ;; esac
    [ -n "$(find "$old" -maxdepth 0 -mtime +30 2>/dev/null)" ] && rm -rf -- "$old"
  done
  printf 'Simplenetes %s is in %s\n' "$version" "$bin"
}

# An installed program: a script that is exchanged as a whole by the next version.
launcher() { # program
  printf '#!/bin/sh\n# Simplenetes %s\n' "$version"
  [ "$1" != simplenetes-proxy ] || echo 'export DENO_V8_FLAGS=--max-semi-space-size=4'
  echo "export DENO_NO_UPDATE_CHECK=1 SIMPLENETES_BIN='$bin'"
  [ "$1" != sns ] || echo "export SIMPLENETES_FILE='$kept'"
  echo "exec '$lib/$deno' run -q -A --no-config --no-lock --no-npm --no-prompt '$lib/$apps/$1.js' \"\$@\""
}

case " $programs " in
  *" $name "*) ;;
  *)
    case ${1-} in
      install)
        [ $# -le 2 ] || { usage >&2; exit 2; }
        install "${2:-/usr/local}"
        exit
        ;;
      -h | --help) usage; exit ;;
      -V | --version) echo "simplenetes $version"; exit ;;
    esac
    case " $programs " in *" ${1:-?} "*) ;; *) usage >&2; exit 2 ;; esac
    name=$1
    shift
    ;;
esac
find_home
[ "$name" != sns ] || { SIMPLENETES_FILE=$(cd -- "$(dirname -- "$self")" && pwd)/${self##*/} && export SIMPLENETES_FILE; }
[ "$name" != simplenetes-proxy ] || export DENO_V8_FLAGS=--max-semi-space-size=4
[ "$name" != sns ] || export SIMPLENETES_PORTABLE="$self"
export DENO_NO_UPDATE_CHECK=1
exec "$home/$deno" run -q -A --no-config --no-lock --no-npm --no-prompt "$home/$apps/$name.js" "$@"
