# Let running jobs end, then take this worker out of the cluster. A node that is gone already is fine.
export SLURM_CONF=/var/lib/slurm/slurmd/conf-cache/slurm.conf
me=$(hostname)
scontrol show node "$me" >/dev/null 2>&1 || exit 0
scontrol update nodename="$me" state=drain reason="leaves the cluster"
while squeue -h -w "$me" | grep -q .; do sleep 1; done
kill "$(cat /run/slurmd.pid)" || true
n=0
until scontrol delete nodename="$me"; do n=$((n + 1)); [ $n -lt 20 ] || exit 1; sleep 1; done
