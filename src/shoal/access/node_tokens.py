"""The tokens of machines that work for a server: one to join with, and one for as long as it is joined.

Like the server token they have 256 random bits and are kept as a plain hash. A token names its node, so
that one row is looked at and compared.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from hmac import compare_digest
from typing import Literal, NamedTuple

from shoal.base.errors import InvalidInput

Use = Literal["node", "session"]
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
_TOKEN = re.compile(rf"shoal_(node|session)_({_NAME})\.([A-Za-z0-9_-]{{43}})").fullmatch
_RESERVED = frozenset({"server"})


class NodeToken(NamedTuple):
    """What a presented token says: what it is for, whose it is, and its hash."""

    use: Use
    name: str
    digest: str

    def is_one(self, kept: str | None) -> bool:
        """Say whether a kept hash is this token's, in a time that does not depend on how near it is."""
        return kept is not None and compare_digest(self.digest, kept)


def checked_name(name: str) -> str:
    """Return a name that a node may have.

    Raises:
        InvalidInput: it has other signs than letters, digits, `.`, `_` and `-`, or is reserved.
    """
    if name.lower() in _RESERVED or not re.fullmatch(_NAME, name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a node.",
            hint="Use at most 63 letters, digits, '.', '_' and '-', like worker-1; `server` is taken.",
        )
    return name


def new_token(use: Use, name: str) -> tuple[str, str]:
    """Return a new token and what is kept of it."""
    token = f"shoal_{use}_{name}.{secrets.token_urlsafe(32)}"
    return token, _digest(token)


def parse(presented: str) -> NodeToken | None:
    """Return what a token says, None when it is not a node's."""
    found = _TOKEN(presented)
    if found is None:
        return None
    return NodeToken("node" if found[1] == "node" else "session", found[2], _digest(presented))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
