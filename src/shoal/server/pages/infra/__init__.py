"""Pages of infrastructures: the list, one as a graph with its machines, plans, logs."""
