"""Job requests: the JSON that somebody posts, and the jobs that it becomes."""
