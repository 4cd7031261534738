"""HTTP in, the rooms out: one file per face."""
