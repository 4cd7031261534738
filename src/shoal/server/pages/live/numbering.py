"""What clusters are called where people look: their ids count from 0, people from 1."""

from __future__ import annotations


def number(id_: int) -> int:
    """Return the number of a cluster."""
    return id_ + 1
