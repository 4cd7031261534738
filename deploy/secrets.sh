#!/bin/sh
# Make the secrets that the containers are given, those that are missing; never print or replace one.
# The folder is closed to others. The files in it are not, for the users inside the containers read them.
set -eu
folder=${1:?usage: secrets.sh FOLDER}
umask 022
mkdir -p "$folder"
chmod 700 "$folder"
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() {
  [ -s "$folder/$1" ] && return
  printf '%s\n' "$2" >"$folder/$1"
  echo "made $folder/$1" >&2
}
keep server-token "shoal_$(random)"
keep database-password "$(random)"
keep database-url "postgresql://shoal:$(cat "$folder/database-password")@database/shoal"
