# Prints the host homes of the account that runs this, each with a zero byte after it: directories of
# its own with a cluster-id.txt and pods/, registered by "sns host init" or directly in its home.
set -u
for file in "${HOME:?}"/.simplenetes-homes/*/cluster-id.txt "$HOME"/*/cluster-id.txt; do
  [ -f "$file" ] || continue
  cd -P -- "${file%/*}" 2>/dev/null || continue
  [ -O . ] && [ -d pods ] || continue
  printf '%s\0' "$(pwd -P)"
done
