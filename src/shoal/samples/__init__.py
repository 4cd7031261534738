"""Functions to try the script server with; each is one that a user could have written."""
