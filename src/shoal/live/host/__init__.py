"""The worker process that follows many live tasks: reads their logs, iterates, and tells the server."""
