"""Filling in the templates of descriptions: strictly, byte by byte, and in a process of its own."""
