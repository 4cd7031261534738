"""The Python client of a Shoal server: `from shoal.client import Client, AsyncClient`."""

from shoal.base import ending
from shoal.client.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "ending"]
