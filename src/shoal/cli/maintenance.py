"""`shoal backup`, `restore`, `gc` and `upgrade`: looking after a home."""

from __future__ import annotations


def backup() -> None:
    """x."""


def restore() -> None:
    """x."""


def gc() -> None:
    """x."""


def upgrade() -> None:
    """x."""
