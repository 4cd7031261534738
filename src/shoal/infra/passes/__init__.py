"""What brings an infrastructure to its wish, in a worker process: passes, and the keeper that asks for them."""
