"""What brings an infrastructure to its wish, in a worker process: passes, and who asks for them."""
