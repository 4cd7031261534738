"""What runs when a job runs: a file for each runner, imported in workers only; `kinds` is what all know."""
