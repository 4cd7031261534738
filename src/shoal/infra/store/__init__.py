"""Infrastructures in the database: what is wished, what is there, what happened."""
