"""Ids that people type and nobody guesses."""

from __future__ import annotations

import secrets

# Crockford's base 32 in lower case: no i, l, o, u, so an id read aloud or from paper stays itself.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 12


def new_id() -> str:
    """Return a fresh random id of 12 characters (60 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
