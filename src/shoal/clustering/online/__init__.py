"""Cluster rows that keep arriving: the frame they stay in, starts, scaling, steps, snapshots."""
