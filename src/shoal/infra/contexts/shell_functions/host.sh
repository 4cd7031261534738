# The machine itself: its name, its clock, what is mounted.
# reload NAME...: make services of any of these names read their configuration again, where services run.
reload() {
  for each in "$@"; do
    if has systemctl && [ -d /run/systemd/system ]; then systemctl try-reload-or-restart "$each" 2>/dev/null || true
    elif has service; then service "$each" status >/dev/null 2>&1 && service "$each" reload || true; fi
  done
}
hostname_set() {
  own_machine hostname
  printf '%s\n' "$1" >/etc/hostname || true
  hostname "$1" 2>/dev/null || say "this container keeps the host name $(hostname)"
}
# hosts_add ADDRESS NAME...: a line of /etc/hosts, which is written in place.
hosts_add() {
  own_machine manage_etc_hosts
  grep -qxF "$*" /etc/hosts 2>/dev/null || printf '%s\n' "$*" >>/etc/hosts
}
timezone_set() {
  own_machine timezone
  if [ ! -e "/usr/share/zoneinfo/$1" ] && has apt-get; then apt_get update && apt_get install tzdata; fi
  [ -e "/usr/share/zoneinfo/$1" ] || wrong "there is no time zone $1 here: install the package tzdata"
  printf '%s\n' "$1" >/etc/timezone
  ln -sf "/usr/share/zoneinfo/$1" /etc/localtime
}
locale_set() {
  own_machine locale
  if has locale-gen && [ -e /etc/locale.gen ] && [ "${1%%.*}" != C ]; then
    grep -q "^$1" /etc/locale.gen || printf '%s %s\n' "$1" "${1#*.}" >>/etc/locale.gen
    locale-gen
  fi
  printf 'LANG=%s\n' "$1" >"${2:-/etc/default/locale}"
}
# swap_add FILE BYTES
swap_add() {
  own_machine swap
  if [ ! -e "$1" ]; then
    ( umask 077 && { fallocate -l "$2" "$1" 2>/dev/null || dd if=/dev/zero of="$1" bs=1024 count="$(($2 / 1024))"; } )
    mkswap "$1"
    printf '%s none swap sw 0 0\n' "$1" >>/etc/fstab
  fi
  swapon "$1" 2>/dev/null || say "swap cannot be switched on here; in a container the host decides"
}
# mount_add DEVICE FOLDER TYPE OPTIONS DUMP PASS
mount_add() {
  own_machine mounts
  grep -qxF "$*" /etc/fstab 2>/dev/null || printf '%s\n' "$*" >>/etc/fstab
  if [ "$2" = none ] || [ "$3" = swap ]; then swapon "$1"; return; fi
  mkdir -p "$2"
  grep -q " $2 " /proc/mounts || mount "$2"
}
# certificates_renew: certificates that were put in their folder count from now on.
certificates_renew() {
  own_machine ca_certs
  if ! has update-ca-certificates && has apt-get; then apt_get update && apt_get install ca-certificates; fi
  if has update-ca-certificates; then update-ca-certificates
  elif has update-ca-trust; then update-ca-trust
  else wrong "there is no update-ca-certificates here: install the package ca-certificates"; fi
}
