"""How many clusters? A grid of fits over one dataset: scored, compared, reported."""
