#!/bin/sh
# Install the real components that the tests use. Nothing is started: each test starts its own, on loopback.
# With --long also what builds and runs the image, podman, and a registry of images.
set -eu

present() {
  case $1 in
    postgresql) ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null ;;
    nginx-light) [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null ;;
    docker.io) [ -x /usr/sbin/dockerd ] || command -v dockerd >/dev/null ;;
    bubblewrap) command -v bwrap >/dev/null ;;
    busybox-static) command -v busybox >/dev/null ;;
    mosquitto) [ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    secantusdb) command -v secantusd-py >/dev/null ;;
    moto) command -v moto_server >/dev/null ;;
    openssh-server) [ -x /usr/sbin/sshd ] ;;
    openssh-client) command -v ssh >/dev/null ;;
    debootstrap) [ -x /usr/sbin/debootstrap ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# SecantusDB speaks MongoDB's protocol; it is no package of Debian's, and lives in an environment of its own.
tools=/opt/secantusdb
install_secantusdb() {
  "${PYTHON:-python3.11}" -m venv $tools && $tools/bin/python -m pip install -q secantusdb==0.7.0b3 &&
    ln -sf $tools/bin/secantusd-py /usr/local/bin/secantusd-py
}

# moto answers as EC2 does, in an environment of its own: a simulated cloud for the tests.
install_moto() {
  "${PYTHON:-python3.11}" -m venv /opt/moto && /opt/moto/bin/python -m pip install -q "moto[server]==5.2.5" &&
    ln -sf /opt/moto/bin/moto_server /usr/local/bin/moto_server
}

components="postgresql nginx-light chromium openssl docker.io busybox-static bubblewrap mosquitto nodejs openssh-server openssh-client debootstrap"
[ "${1-}" != --long ] || components="$components docker-compose podman runc docker-registry"
missing=
for component in $components; do
  if present "$component"; then echo "$component: installed"; else missing="$missing $component"; fi
done
if present secantusdb; then
  echo "secantusdb: installed"
elif [ "$(id -u)" = 0 ] && install_secantusdb; then
  echo "secantusdb: installed now"
else
  echo "not installed: secantusdb (pip install secantusdb; the tests of the extra mongodb are skipped)"
fi
if present moto; then
  echo "moto: installed"
elif [ "$(id -u)" = 0 ] && install_moto; then
  echo "moto: installed now"
else
  echo "not installed: moto (the tests of the provider ec2 are skipped)"
fi
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
