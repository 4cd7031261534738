"""Machines that are containers: what they are made of at an engine, and how scripts are run in them."""
