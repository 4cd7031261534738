# Users, groups and their keys: by the usual tools, or by hand where there are none.
own_machine() {
  [ -z "$root" ] || wrong "a machine that is a process has nothing of its own for '$1': leave it out"
}
is_there() { grep -q "^$2:" "/etc/$1" 2>/dev/null; }
home_of() {
  while IFS=: read -r name _ _ _ _ home _; do
    if [ "$name" = "$1" ]; then printf '%s\n' "$home"; return 0; fi
  done </etc/passwd
  wrong "there is no user $1"
}

group_add() {
  own_machine groups
  if is_there group "$1"; then return 0; fi
  if has groupadd; then groupadd "$1"; else printf '%s:x:%s:\n' "$1" "$(free_id group)" >>/etc/group; fi
}
member_add() {
  if has usermod; then usermod -a -G "$2" "$1"; else change group member "$2" "$1"; fi
}
# user_add NAME UID COMMENT HOME SHELL GROUP create|leave: for machines without useradd; '' is what is usual.
user_add() {
  gid=${6:-$1}
  case $gid in
    *[!0-9]*)
      group_add "$gid"
      gid=$(sed -n "s/^$gid:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
      ;;
  esac
  uid=${2:-$(free_id passwd)}
  home=${4:-/home/$1}
  printf '%s:x:%s:%s:%s:%s:%s\n' "$1" "$uid" "$gid" "$3" "$home" "${5:-/bin/sh}" >>/etc/passwd
  ( umask 077 && printf '%s:!:20000:0:99999:7:::\n' "$1" >>/etc/shadow )
  if [ "$7" = create ]; then
    mkdir -p "$home"
    if [ -d /etc/skel ]; then cp -R /etc/skel/. "$home"; fi
    chown -R "$uid:$gid" "$home"
    chmod 750 "$home"
  fi
}
free_id() {
  id=1000
  while cut -d: -f3 "/etc/$1" | grep -qx "$id"; do id=$((id + 1)); done
  printf '%s\n' "$id"
}
# change FILE HOW NAME VALUE: write the line of a name anew, in place.
change() {
  while IFS= read -r line; do
    case $line in "$3":*) "changed_$2" "$line" "$4" ;; *) printf '%s\n' "$line" ;; esac
  done <"/etc/$1" >"$state/$1.kept"
  cat "$state/$1.kept" >"/etc/$1"
}
changed_member() {
  members=${1##*:}
  case ,$members, in *",$2,"*) printf '%s\n' "$1" ;; *) printf '%s\n' "$1${members:+,}$2" ;; esac
}
changed_password() {
  rest=${1#*:}
  printf '%s:%s:%s\n' "${1%%:*}" "$2" "${rest#*:}"
}
changed_lock() {
  rest=${1#*:}
  case $rest in '!'*) printf '%s\n' "$1" ;; *) printf '%s:!%s\n' "${1%%:*}" "$rest" ;; esac
}
sudo_add() {
  mkdir -p /etc/sudoers.d
  file=/etc/sudoers.d/90-cloud-init-users
  if ! grep -qxF "$1 $2" "$file" 2>/dev/null; then printf '%s %s\n' "$1" "$2" >>"$file"; fi
  chmod 440 "$file"
}
lock() {
  if has usermod; then usermod --lock "$1"; else change shadow lock "$1" ''; fi
}
# passwords: standard input is lines of NAME:HASH.
passwords() {
  own_machine passwords
  if has chpasswd; then chpasswd -e; return; fi
  while IFS=: read -r name hash; do change shadow password "$name" "$hash"; done
}
expire() {
  if has chage; then chage -d 0 "$1"; else wrong "there is no chage here to make $1's password expire"; fi
}
# authorize NAME: standard input is public keys, a line each.
authorize() {
  own_machine ssh_authorized_keys
  folder=$(home_of "$1")/.ssh
  mkdir -p "$folder"
  touch "$folder/authorized_keys"
  while IFS= read -r key; do
    grep -qxF "$key" "$folder/authorized_keys" || printf '%s\n' "$key" >>"$folder/authorized_keys"
  done
  chmod 700 "$folder"
  chmod 600 "$folder/authorized_keys"
  chown -R "$(id -u "$1"):$(id -g "$1")" "$folder"
}
# sshd_set KEYWORD VALUE: for a server of OpenSSH, which reads the first value that it finds.
sshd_set() {
  own_machine ssh_pwauth
  mkdir -p /etc/ssh
  touch /etc/ssh/sshd_config
  grep -viE "^[[:space:]]*$1[[:space:]]" /etc/ssh/sshd_config >"$state/sshd_config.kept" || true
  { printf '%s %s\n' "$1" "$2"; cat "$state/sshd_config.kept"; } >/etc/ssh/sshd_config
  reload ssh sshd
}
