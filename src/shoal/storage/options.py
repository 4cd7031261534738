"""How a file of rows is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shoal.base.errors import InvalidInput

GIB = 1 << 30
_NAMES = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


@dataclass(frozen=True, slots=True)
class ReadOptions:
    r"""Hold what a person may say about a file.

    Args:
        delimiter: the character between values of a text file, or its name (`tab`, `\t`, `comma`,
            `semicolon`, `pipe`, `space`); None finds it.
        max_expanded_bytes: a file that is larger, or expands to more, is refused.
        scratch: a folder for a temporary copy of compressed or recoded text; it has no name there.

    Raises:
        InvalidInput: the delimiter cannot be one.
    """

    delimiter: str | None = None
    max_expanded_bytes: int = 4 * GIB
    scratch: Path | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", checked_delimiter(self.delimiter))


def checked_delimiter(given: str) -> str:
    """Return the delimiter's one character; raises `InvalidInput` for what cannot be one."""
    mark = _NAMES.get(given.lower(), given)
    if len(mark) != 1 or not mark.isascii() or mark.isalnum() or mark in '"\r\n.+-_' or not _visible(mark):
        raise InvalidInput(
            f"{given!r} cannot separate values.",
            hint="Give one character, such as --delimiter ';', or comma, semicolon, tab, pipe, space.",
            delimiter=given,
        )
    return mark


def _visible(mark: str) -> bool:
    return mark.isprintable() or mark == "\t"
