"""Clusters of machines from a description: plan, build, heal, scale, destroy."""
