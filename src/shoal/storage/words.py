"""How files and cells are quoted in sentences."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_CELL, LONGEST_ROW = 40, 70


def shown(text: str, longest: int = LONGEST_CELL) -> str:
    """Return text on one line without control characters, cut where it is long."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return line if len(line) <= longest else line[: longest - 3] + "..."


def counted(number: int, noun: str) -> str:
    """Return `1 value`, `1,204 values`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def sized(size: int) -> str:
    """Return a size in bytes in the unit people use: `310 MB`, `4 GB`."""
    amount, unit = float(size), "bytes"
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1024
    return f"{amount:.3g} {unit}"


def first_few(notes: Sequence[str], what: str, most: int = 3) -> list[str]:
    """Return the first notes of one sort and, for the rest, how many there are."""
    rest = len(notes) - most
    return [*notes[:most], f"The same holds for {counted(rest, f'more {what}')}."] if rest > 0 else [*notes]
