"""The page of the queue: who works, what waits, what failed for good."""
