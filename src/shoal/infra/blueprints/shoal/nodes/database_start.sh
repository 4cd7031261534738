at=${SHOAL_FOLDER:-}/srv/shoal
. "$at/database.sh"
exec $as "$bin/postgres" -D "$at/data" -h "${SHOAL_ADDRESS:-0.0.0.0}" -p 5432 -k ""
