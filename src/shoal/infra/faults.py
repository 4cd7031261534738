"""What is wrong with a description: each fault with its place and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from shoal.infra.errors import BadDescription

MOST = 100


class Fault(NamedTuple):
    """One fault; `pointer` is into a bundle's plain form, `line` is None where the text is not known."""

    message: str
    advice: str = ""
    pointer: str = ""
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        return f"{place}: {self.message}" if place else self.message


def refuse(faults: Sequence[Fault]) -> None:
    """Pass when nothing is wrong.

    Raises:
        BadDescription: there are faults; its `details["faults"]` holds them, the first 100.
    """
    if not faults:
        return
    # As a reader meets them: by file, from the first line to the last.
    faults = sorted(faults, key=lambda fault: (fault.file or "", fault.line or 0))
    first, others = faults[0], len(faults) - 1
    so = f"There {'is 1 more fault' if others == 1 else f'are {others} more faults'}." if others else ""
    raise BadDescription(
        str(first),
        hint=" ".join(part for part in (first.advice, so) if part),
        faults=[fault._asdict() for fault in faults[:MOST]],
    )


def choice(name: str, names: Iterable[str]) -> str:
    """Return advice for a name that is not known: the one it resembles, or all there are."""
    known = sorted(names)
    if close := get_close_matches(name, known, 1):
        return f"Did you mean `{close[0]}`?"
    return f"There are: {', '.join(known)}." if known else ""
