"""What is wrong with the data of a request."""

from __future__ import annotations

from shoal.base.errors import InvalidInput


def unclear(name: str, words: str) -> InvalidInput:
    """Return the error for one field of a request's data."""
    fault = {"in": "body", "pointer": f"/data/{name}", "message": words}
    return InvalidInput(f"The data cannot be used: look at data/{name}.", hint=words, errors=[fault])
