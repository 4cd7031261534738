"""Functions that may be run: found, described, called with data, and their results told as JSON."""
