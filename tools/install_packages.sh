#!/bin/sh
# Installs the Debian packages named as arguments that are missing; says nothing and touches nothing when none is.
# Everything it prints goes to stderr: the caller's stdout belongs to the program it is about to run.
set -eu
exec 1>&2

if ! command -v dpkg-query >/dev/null; then
  echo "stargate: no dpkg here; going on in the hope that these are installed: $*"
  exit 0
fi
missing=
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root="env"
elif command -v sudo >/dev/null; then
  as_root="sudo env"
else
  echo "stargate: these Debian packages are missing, and installing them needs root or sudo. As root, run"
  echo "    apt-get update && apt-get install --no-install-recommends$missing"
  exit 1
fi
echo "stargate: installing$missing"
apt="$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
# Lists that know the packages make the update needless; stale lists show themselves by a download that fails.
# shellcheck disable=SC2086  # the lists of words are meant to be split
if ! apt-cache show $missing >/dev/null 2>&1 || ! $apt install -y --no-install-recommends $missing; then
  $apt update
  $apt install -y --no-install-recommends $missing
fi || {
  echo "stargate: apt-get could not install$missing (its message is above)"
  exit 1
}
