"""Shoal finds how many clusters your data has, and keeps the work durable while it does."""

__version__ = "0.1.0"
__all__ = ["__version__"]
