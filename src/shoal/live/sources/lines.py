"""One line, or one message, as rows: JSON or values between commas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import orjson

MARKS = ",;\t|"


def rows_of(text: bytes, names: Sequence[str] | None = None) -> list[Any]:
    """Return the rows in a text: a JSON list or object, a JSON list of these, or numbers between marks.

    `names` are those of a header, for lines of values.

    Raises:
        ValueError: it is neither; its words say why.
    """
    stripped = text.strip()
    if stripped[:1] in (b"[", b"{"):
        return _checked(orjson.loads(stripped))
    values = [float(value) for value in cells(stripped)]
    if not all(map(math.isfinite, values)):
        raise ValueError("it holds what is not a finite number")
    if names is None:
        return [values]
    if len(names) != len(values):
        raise ValueError(f"it has {len(values)} values, the header has {len(names)}")
    return [dict(zip(names, values, strict=True))]


def header_of(line: bytes) -> list[str] | None:
    """Return the names in a first line of a file of values; None when it holds values, or JSON."""
    if line.strip()[:1] in (b"[", b"{"):
        return None
    words = cells(line.strip())
    return None if all(map(_is_number, words)) else words


def cells(line: bytes) -> list[str]:
    """Return what stands between the marks of a line."""
    text = line.decode("utf-8-sig", "replace")
    mark = next((mark for mark in MARKS if mark in text), ",")
    return [cell.strip().strip('"') for cell in text.split(mark)]


def _checked(found: Any) -> list[Any]:
    if isinstance(found, list) and found and isinstance(found[0], (list, dict)):
        return found
    return [found]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
