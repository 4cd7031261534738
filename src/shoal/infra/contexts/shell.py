"""Texts of a POSIX shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_END = "SHOAL_END"


def quoted(value: object) -> str:
    """Return a value as one word of a shell."""
    return shlex.quote(str(value))


def words(values: Sequence[object]) -> str:
    """Return values as words of a shell."""
    return " ".join(quoted(value) for value in values)


def fed(command: str, text: str) -> str:
    """Return a command that reads a text, byte by byte as it is, from its standard input."""
    if not text.endswith("\n"):
        return f"printf '%s' {quoted(text)} | {command}\n" if text else f"{command} </dev/null\n"
    lines, end = set(text.split("\n")), _END
    while end in lines:
        end += "_"
    return f"{command} <<'{end}'\n{text}{end}\n"
