# Packages, by whichever manager there is.
packages_update() {
  if [ -n "$root" ]; then :
  elif has apt-get; then apt_get update
  elif has apk; then apk update
  elif has zypper; then zypper --non-interactive refresh
  elif has dnf || has yum || has pacman; then :
  else wrong "there is no package manager here"; fi
}
packages_upgrade() {
  own_machine package_upgrade
  if has apt-get; then apt_get dist-upgrade
  elif has dnf; then dnf -y upgrade
  elif has yum; then yum -y upgrade
  elif has apk; then apk upgrade
  elif has zypper; then zypper --non-interactive update
  elif has pacman; then pacman --noconfirm -Syu
  else wrong "there is no package manager here"; fi
}
packages_install() {
  if [ -n "$root" ]; then packages_of_host "$@"
  elif has apt-get; then apt_get install "$@"
  elif has dnf; then dnf -y install $(dashed "$@")
  elif has yum; then yum -y install $(dashed "$@")
  elif has apk; then apk add "$@"
  elif has zypper; then zypper --non-interactive install "$@"
  elif has pacman; then pacman --noconfirm -Sy "$@"
  else wrong "there is no package manager here to install: $*"; fi
}
# NAME=VERSION as rpm's programs write it, without blanks in either.
dashed() {
  for each in "$@"; do echo "$each" | sed 's/=/-/'; done
}
# A machine that is a process uses what its host has, and changes nothing there.
packages_of_host() {
  for each in "$@"; do
    name=${each%%=*}
    has "$name" || { has dpkg && dpkg -s "$name" >/dev/null 2>&1; } ||
      wrong "a machine that is a process shares its host's packages: install $name there"
  done
}
apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get --assume-yes --quiet -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef -o Dpkg::Use-Pty=0 "$@"
}

# apt_key FILE ID SERVER: get a key by its id.
apt_key() {
  own_machine apt
  has gpg || apt_get install gnupg
  keys=$(mktemp -d)
  gpg --homedir "$keys" --batch --keyserver "$3" --recv-keys "$2"
  gpg --homedir "$keys" --batch --armor --export "$2" >"$1"
  rm -rf "$keys"
}
# apt_source FILE write|append: standard input is a source with $RELEASE and $MIRROR in it.
apt_source() {
  own_machine apt
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  mirror=$(
    {
      sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\).*/\2/p' /etc/apt/sources.list
      sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources
    } 2>/dev/null | head -n 1
  )
  text=$(sed -e "s|\$RELEASE|$release|g" -e "s|\$MIRROR|$mirror|g")
  printf '%s\n' "$text" | put "$1" 0644 root:root "$2" text
}
