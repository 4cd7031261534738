#!/bin/sh
# Install the real components that the tests use. Nothing is started: each test starts its own, on loopback.
set -eu

present() {
  case $1 in
    postgresql) command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=
for component in postgresql; do
  if present "$component"; then echo "$component: installed"; else missing="$missing $component"; fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # A service started by its package would take the usual port; policy-rc.d keeps it down meanwhile.
  policy=/usr/sbin/policy-rc.d
  [ -e $policy ] || { trap 'rm -f $policy' EXIT; printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; }
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  for component in $missing; do present "$component" && echo "$component: installed now"; done
else
  echo "not installed:$missing"
  echo "  As root on Debian or Ubuntu: apt-get install$missing"
  echo "  Without them the tests that need them are skipped."
fi
