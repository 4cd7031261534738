"""Machines that exist already: who they are, how they are reached, and who has claimed them."""
