"""What a page does not show of what a job was given: values whose names say that they are secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "(hidden)"
# Words for what opens doors, in the names of variables and fields.
_SECRET = re.compile(
    r"passw(or)?d|passphrase|(^|_|-)pass($|_|-)|secret|token|credential|api_?key|access_?key|private|auth(orization)?($|_|-)|cookie",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Say whether a value of this name is hidden."""
    return _SECRET.search(name) is not None


def _told(name: str, value: Any) -> Any:
    return HIDDEN if is_secret(name) and value not in (None, "", [], {}) else without_secrets(value)


def without_secrets(value: Any) -> Any:
    """Return JSON in which what is secret by its name is hidden, at any depth."""
    if isinstance(value, Mapping):
        return {name: _told(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(inner) for inner in value]
    return value
