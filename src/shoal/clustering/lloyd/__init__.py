"""K-Means: starting centres, passes over the rows, bounds, empty clusters."""
