"""Jobs that only carry the word: what they do is done where the database is, when they end."""

from __future__ import annotations

from typing import Any


def run(spec: dict[str, Any], context: object) -> dict[str, Any]:
    """Do nothing, well."""
    return {}
