"""What the database holds of live tasks."""
