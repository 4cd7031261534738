"""What a study's jobs do in a worker: fit, open one fit, sum up."""
