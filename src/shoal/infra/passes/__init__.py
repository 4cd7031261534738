"""What brings an infrastructure to its wish, in a worker process: a pass, and the keeper that asks for passes."""
