# A machine of yours is given back: what was put there ends, and goes.
if [ -e /srv/shoal/pid ]; then kill "$(cat /srv/shoal/pid)" || true; fi
rm -rf /srv/shoal
