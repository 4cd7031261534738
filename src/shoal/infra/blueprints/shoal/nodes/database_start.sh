at=${MACHINE_ROOT:-}/srv/shoal
. "$at/database.sh"
exec $as "$bin/postgres" -D "$at/data" -h "${MACHINE_ADDRESS:-0.0.0.0}" -p 5432 -k ""
