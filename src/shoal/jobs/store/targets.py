"""Addresses that a webhook may name, as far as their text tells."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from shoal.base.errors import InvalidInput

MAX_URL = 2048
PORTS = {"http": 80, "https": 443}


def check(url: str) -> SplitResult:
    """Return the parts of an address that deliveries can be made to.

    Raises:
        InvalidInput: it is no http or https address with a host, or holds a password.
    """
    try:
        parts = urlsplit(url)
        fine = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or len(url) > MAX_URL or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise InvalidInput(
            "A webhook is told at an http or https address.", hint="Like https://example.org/x."
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("The address of a webhook may not hold a password.")
    return parts
