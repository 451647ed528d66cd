# --- messages -----------------------------------------------------------------
# Messages go to stderr. SPACE_LOG_LEVEL: 1 errors, 2 warnings, 3 ok, 4 info (default), 5 debug.

say() { # level label text...
  level=$1 label=$2
  shift 2
  [ "${SPACE_LOG_LEVEL:-4}" -lt "$level" ] || printf '%s%s\n' "$label" "$*" >&2
}
error() { say 1 '[ERROR] ' "$@"; }
warn() { say 2 '[WARN]  ' "$@"; }
ok() { say 3 '[OK]    ' "$@"; }
info() { say 4 '[INFO]  ' "$@"; }
fail() {
  error "$@"
  exit 1
}
