at=${SHOAL_FOLDER:-}/srv/shoal
address=${SHOAL_ADDRESS:-0.0.0.0}
# What a machine that is a process is told about itself has names as Shoal's settings have, and its folder for
# temporary files is too deep for sockets.
unset TMPDIR SHOAL_INFRA SHOAL_INSTANCE SHOAL_NODE SHOAL_NAME SHOAL_ADDRESS SHOAL_ROOT SHOAL_FOLDER SHOAL_LISTEN
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
