"""The pages of live tasks: the list, one task while it moves, and what can be done with it."""
