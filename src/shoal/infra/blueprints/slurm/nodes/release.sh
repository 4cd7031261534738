# A machine of yours is given back: Slurm ends there, its keys, its settings and its state go. Packages stay, and
# MariaDB with what it holds.
for each in slurmd slurmctld slurmdbd; do
  [ -s "/run/$each.pid" ] || continue
  pid=$(cat "/run/$each.pid")
  kill "$pid" || true
  n=0
  while kill -0 "$pid" 2>/dev/null; do
    n=$((n + 1))
    [ $n -lt 20 ] || kill -KILL "$pid" || true
    [ $n -lt 30 ] || exit 1
    sleep 0.5
  done
done
service munge stop >/dev/null 2>&1 || true
rm -rf /etc/munge/munge.key /etc/slurm/slurm.conf /etc/slurm/slurmdbd.conf /var/lib/slurm/slurmctld /var/lib/slurm/slurmd
rm -f /root/munge.key /root/slurm.conf /root/slurmdbd.conf /root/accounts.sql /root/master.sh /root/worker.sh
