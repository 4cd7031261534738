# A machine of yours is given back: what was put there ends, and goes. What a server kept stays in /var/lib/shoal.
if [ -e /srv/shoal/pid ]; then
  pid=$(cat /srv/shoal/pid)
  kill "$pid" || true
  n=0
  while kill -0 "$pid" 2>/dev/null; do
    n=$((n + 1))
    [ $n -lt 20 ] || kill -KILL "$pid" || true
    [ $n -lt 30 ] || exit 1
    sleep 0.5
  done
fi
if [ -e /srv/shoal/hosts ]; then
  grep -v ' cqueue-master$' /etc/hosts >/srv/shoal/hosts
  cat /srv/shoal/hosts >/etc/hosts
fi
rm -rf /srv/shoal
