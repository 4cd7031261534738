set -eu
at=${MACHINE_ROOT:-}/srv/shoal
soon() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 60 ] || exit 1; sleep 1; done; }
invited() { sh "$at/shoal.sh" node token {{ machine_name }} >"$at/node-token"; }
joined() { sh "$at/shoal.sh" node list | grep -q '^{{ machine_name }} .* \(idle\|busy\) '; }
mkdir -p "$at/spool"
(umask 077 && : >"$at/node-token")
{% if resource.type != 'process' %}
{ grep -v ' shoal-server$' /etc/hosts; echo "{{ getip('shoal-server') }} shoal-server"; } >"$at/hosts"
cat "$at/hosts" >/etc/hosts
chown shoal "$at/spool" "$at/node-token"
{% endif %}
soon invited
sh "$at/begin.sh"
soon joined
