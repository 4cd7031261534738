"""What jobs work on: the names that a request gives it, and the bytes that those stand for."""
