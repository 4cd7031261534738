"""Machines of Amazon's EC2, and of clouds that speak as it does."""
