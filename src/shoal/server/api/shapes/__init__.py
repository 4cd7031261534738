"""What bodies look like, for the description of the API; replies are written without them."""
