"""The Python client of a Shoal server: `from shoal.client import Client`."""

from shoal.client.client import Client

__all__ = ["Client"]
