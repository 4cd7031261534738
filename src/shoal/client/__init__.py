"""The Python client of a Shoal server: `from shoal.client import Client, AsyncClient`."""

from shoal.client.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client"]
