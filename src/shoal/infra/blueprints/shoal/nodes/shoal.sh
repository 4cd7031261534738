# Run Shoal for the server of this machine.
at=${MACHINE_ROOT:-}/srv/shoal
{% if resource.type == 'process' %}
cache={{ variables.cache }}
export SHOAL_CACHE_DIR="${cache:-$(getent passwd "$(id -u)" | cut -d: -f6)/.cache/shoal}"
export SHOAL_SERVER=http://{{ getip('shoal-server') }}:8002
{% else %}
export SHOAL_SERVER=https://shoal-server:8002 SHOAL_SERVER_TOKEN="@$at/server-token" SHOAL_SERVER_CA="$at/server.pem"
{% endif %}
{% if resource.type == 'hosts' %}as="setpriv --reuid=shoal --regid=shoal --init-groups env HOME=/var/lib/shoal"{% endif %}
exec ${as:-} {{ variables.shoal }} "$@"
