"""What it means to be near: distances and weighted means of vectors and of series."""
