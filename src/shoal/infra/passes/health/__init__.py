"""Whether a machine is well: it answers, its ports are open, its pages are served, its databases let in."""
