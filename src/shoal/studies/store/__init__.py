"""A study's rows in the database."""
