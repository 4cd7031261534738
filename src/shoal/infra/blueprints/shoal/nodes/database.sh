# postgres PROGRAM WORDS: run a program of PostgreSQL's, as a user that it does not refuse as it refuses root.
bin={{ variables.postgres }}
[ -n "$bin" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
{% if resource.type == 'process' %}
# The folder of a machine that is a process is its user's alone: root is called nobody inside, and stays itself.
as=
[ "$(id -u)" != 0 ] || as="unshare --user --map-user=$(id -u nobody) --map-group=$(id -g nobody) --"
{% else %}
as="setpriv --reuid=postgres --regid=postgres --init-groups --"
{% endif %}
postgres() { ran=$1; shift; $as "$bin/$ran" "$@"; }
