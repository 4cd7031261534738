"""Machines that are processes: what runs in their place, and how it is spoken with."""
