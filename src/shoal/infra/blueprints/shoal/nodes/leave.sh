# Let what runs here end, then take this worker away from the server.
at=${MACHINE_ROOT:-}/srv/shoal
me=$(cat "$at/name")
sh "$at/shoal.sh" node drain "$me" || exit 0
works() { sh "$at/shoal.sh" node list | grep "^$me " | grep -qv ' draining  *- '; }
while works; do sleep 1; done
sh "$at/shoal.sh" node rm "$me"
