"""Private keys in variables, as tutorials ship them: with a blank line after every line."""

from __future__ import annotations

import re
from typing import Any

_BLOCK = re.compile(r"(-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n)((?:[^-]|-(?!----))*)(-----END \2-----)")
_HEADERS = re.compile(r"(?:[A-Za-z-]+: .*(?:\r?\n)+)+")


def mended(value: Any) -> Any:
    """Return a JSON tree without blank lines inside PEM blocks, where no reader of keys bears them.

    The older system folded single newlines of such values, which is why its tutorials double them.
    """
    if isinstance(value, str):
        return _BLOCK.sub(_without_blanks, value) if "-----BEGIN " in value else value
    if isinstance(value, dict):
        return {key: mended(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [mended(each) for each in value]
    return value


def _without_blanks(block: re.Match[str]) -> str:
    first, _, body, last = block.groups()
    # An old key's headers end with the one blank line that belongs there.
    headers = found.group() if (found := _HEADERS.match(body)) else ""
    kept = [line for line in headers.splitlines() if line.strip()]
    rest = [line.strip() for line in body[len(headers) :].splitlines() if line.strip()]
    lines = [*kept, "", *rest] if kept else rest
    return first + "".join(f"{line}\n" for line in lines) + last
