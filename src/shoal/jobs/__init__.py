"""Durable jobs: the store, the queue, the attempts, and the workers that do them."""
