# A machine of yours is given back: Slurm ends there, its keys, its settings and its state go. Packages stay, and
# MariaDB with what it holds.
# By name: the file with its number may be gone before a program that ends is.
running() { pgrep -x "$1" || pidof "$1" || true; }
for each in slurmd slurmctld slurmdbd; do
  n=0
  while pids=$(running $each) && [ -n "$pids" ]; do
    n=$((n + 1))
    [ $n -gt 1 ] || kill $pids || true
    [ $n -lt 20 ] || kill -KILL $pids || true
    [ $n -lt 30 ] || exit 1
    sleep 0.5
  done
done
service munge stop >/dev/null 2>&1 || true
rm -rf /etc/munge/munge.key /etc/slurm/slurm.conf /etc/slurm/slurmdbd.conf /var/lib/slurm/slurmctld /var/lib/slurm/slurmd
rm -f /root/munge.key /root/slurm.conf /root/slurmdbd.conf /root/accounts.sql /root/master.sh /root/worker.sh
