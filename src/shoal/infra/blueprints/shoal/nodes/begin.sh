# The machine is ready for its program: containers and processes wait for this, a machine of yours starts it.
: >"${MACHINE_ROOT:-}/srv/shoal/go"
{% if resource.type == 'hosts' %}
setsid sh -c 'echo $$ >/srv/shoal/pid; exec sh /srv/shoal/start.sh' </dev/null >>/srv/shoal/log 2>&1 &
{% endif %}
