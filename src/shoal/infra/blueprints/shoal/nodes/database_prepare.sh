# A database of one name and one user, whose password is this infrastructure's.
set -eu
at=${MACHINE_ROOT:-}/srv/shoal
. "$at/database.sh"
mkdir -p "$at/data"
{% if resource.type != 'process' %}
# What Debian starts by itself would be in the way.
systemctl disable --now postgresql >/dev/null 2>&1 || service postgresql stop >/dev/null 2>&1 || true
chown postgres "$at/data" "$at/password"
{% endif %}
if [ ! -s "$at/data/PG_VERSION" ]; then
  postgres initdb -D "$at/data" -U shoal --pwfile="$at/password" -A scram-sha-256 -E UTF8 --no-locale
  echo "CREATE DATABASE shoal" | postgres postgres --single -D "$at/data" postgres
  echo "host shoal shoal all scram-sha-256" >>"$at/data/pg_hba.conf"
fi
sh "$at/begin.sh"
