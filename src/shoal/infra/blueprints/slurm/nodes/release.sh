# A machine of yours is given back: Slurm ends there. Its packages stay, and what MariaDB holds.
for each in slurmd slurmctld slurmdbd; do
  if [ -e "/run/$each.pid" ]; then kill "$(cat "/run/$each.pid")" || true; fi
done
