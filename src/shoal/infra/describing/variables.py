"""Variables: a node's merged over the infrastructure's, and keys (PEM) as programs want them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PEM = re.compile(r"(-----BEGIN ([A-Z0-9 ]+)-----\n)(.*?)(-----END \2-----)", re.DOTALL)


def merged(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with another over it; mappings in both are merged in turn, lists are not."""
    found = dict(lower)
    for name, value in upper.items():
        below = found.get(name)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        found[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return found


def mended(value: Any) -> Any:
    """Return variables with the blank lines in PEM blocks dropped, all other text as it was.

    Occopus folded single newlines, so files written for it have a blank line after every line of a key,
    which no program takes.
    """
    if isinstance(value, Mapping):
        return {name: mended(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [mended(below) for below in value]
    return _PEM.sub(_without_blanks, value) if isinstance(value, str) else value


def _without_blanks(found: re.Match[str]) -> str:
    begin, _, body, end = found.groups()
    lines = [line for line in body.splitlines() if line.strip()]
    headers = sum(":" in line for line in lines)
    # An encrypted key has headers, and an empty line that ends them (RFC 1421).
    whole = [*lines[:headers], "", *lines[headers:]] if headers else lines
    return begin + "".join(f"{line}\n" for line in whole) + end
