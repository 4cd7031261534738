"""The log of a task's rows: what was sent, in order, on disk before it is acknowledged."""
