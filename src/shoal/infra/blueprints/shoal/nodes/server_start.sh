at=${MACHINE_ROOT:-}/srv/shoal
address=${MACHINE_ADDRESS:-0.0.0.0}
unset SHOAL_LISTEN  # which the image sets
{% if resource.type == 'process' %}
cache={{ variables.cache }}
export SHOAL_CACHE_DIR="${cache:-$(getent passwd "$(id -u)" | cut -d: -f6)/.cache/shoal}"
exec {{ variables.shoal }} serve --home "$at/home" --database "@$at/database" --workers 1 --listen "$address:8002"
{% else %}
export SHOAL_HOME=/var/lib/shoal SHOAL_HOSTS=shoal-server SHOAL_SERVER_TOKEN="@$at/server-token"
{% if resource.type == 'hosts' %}as="setpriv --reuid=shoal --regid=shoal --init-groups env HOME=/var/lib/shoal"{% endif %}
exec ${as:-} {{ variables.shoal }} serve --database "@$at/database" --workers 1 \
  --tls-certificate "$at/server.pem" --tls-key "$at/server.pem" --listen "$address:8002,tls"
{% endif %}
