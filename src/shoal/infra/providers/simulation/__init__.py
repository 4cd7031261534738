"""What a simulated cloud is made of."""
