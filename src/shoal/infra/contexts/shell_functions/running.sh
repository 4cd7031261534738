# How the steps of a machine are run: each once, told of with its time and how it ended.
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=${HOME:-/root}
INSTANCE_ID=$shoal_instance
export PATH HOME INSTANCE_ID
umask 022
# A machine that is a process has a folder instead of a file system of its own.
root=${MACHINE_ROOT:-}
# A folder of its own: what is in it is run by root.
state=$root/var/lib/shoal-machine/$shoal_mark
failed=0

say() { printf '== %s\n' "$*"; }
clock() { date -u +%H:%M:%SZ; }
has() { command -v "$1" >/dev/null 2>&1; }
wrong() { printf 'shoal: %s\n' "$*" >&2; return 1; }

# step NUMBER NAME: do what step_NUMBER says, unless that was done before.
step() {
  if [ -e "$state/$1.done" ]; then
    say "step $1/$shoal_steps $2: was done before"
    return 0
  fi
  say "step $1/$shoal_steps $2 (at $(clock))"
  begun=$(date +%s)
  ( set -e; "step_$1" ) </dev/null 2>&1
  code=$?
  took=$(($(date +%s) - begun))
  if [ "$code" -eq 0 ]; then
    : >"$state/$1.done"
    say "step $1/$shoal_steps $2: done, exit code 0 after $took s"
    return 0
  fi
  say "step $1/$shoal_steps $2: failed, exit code $code after $took s"
  failed=$((failed + 1))
  [ "$shoal_failures" = continue ] || exit "$code"
}

finished() {
  # Scripts wait for this file, as it is there when cloud-init has ended.
  mkdir -p "$root/var/lib/cloud/instance" && : >"$root/var/lib/cloud/instance/boot-finished"
  : >"$state/finished"
  rm -f "$state"/*.kept
  if [ "$failed" -gt 0 ]; then say "finished; $failed of $shoal_steps steps failed"; else say "finished"; fi
}

# put PATH MODE OWNER write|append text|base64: standard input becomes a file, which only its owner sees before
# it has its mode. It is written in place: some files of containers cannot be replaced.
put() {
  target=$root$1
  mkdir -p "$(dirname "$target")"
  if [ "$4" = write ] && [ ! -e "$target" ]; then ( umask 077 && : >"$target" ); fi
  if [ "$4" = write ]; then : >"$target"; fi
  if [ "$5" = base64 ]; then base64 -d >>"$target"; else cat >>"$target"; fi
  chmod "$2" "$target"
  [ -n "$root" ] || chown "$3" "$target" ||
    wrong "there is no owner $3 yet: with 'defer: true' a file is written after packages and users"
}

# fetch ADDRESS [-H HEADER]...: what is there, on standard output.
fetch() {
  if has curl; then
    curl --fail --silent --show-error --location --retry 3 "$@"
  elif has wget && [ $# -eq 1 ]; then
    wget -q -O - "$1"
  else wrong "there is no curl here to fetch $1: install it in an image, or fetch in 'runcmd'"; fi
}

# keep NAME: standard input becomes a file of the program's own.
keep() { ( umask 077 && cat >"$state/$1.kept" ); }

# commands NAME: run commands that were kept, all in one shell; each says how it ended.
commands() {
  keep "$1.run" <<'EOF'
begins() { printf '== %s\n' "$1"; }
ended() {
  [ "$2" -eq 0 ] && return 0
  printf '== %s: failed, exit code %s\n' "$1" "$2"
  [ "$shoal_failures" = continue ] || exit "$2"
}
EOF
  cat "$state/$1.kept" >>"$state/$1.run.kept"
  export shoal_failures
  ( cd "${root:-/}" && sh "$state/$1.run.kept" )
}

# program NAME: run a script that was kept, by the interpreter that it names.
program() {
  chmod 700 "$state/$1.kept"
  ( cd "${root:-/}" && "$state/$1.kept" )
}
