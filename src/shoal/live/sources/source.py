"""What every source is: rows in batches, each with the place after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

Place = Any
# A batch is one push: large enough to be quick, small enough to be written down first.
MOST_ROWS = 1000


class Batch(NamedTuple):
    """Rows that came together; `place` is JSON that says where the source goes on after them.

    `left` are words for what could not be read on the way.
    """

    rows: list[Any]
    place: Place
    left: tuple[str, ...] = ()


class Source(Protocol):
    """Something that gives rows for ever, or until it has no more."""

    def batches(self, after: Place) -> Iterator[Batch | None]:
        """Give what comes after a place (None: the beginning), and None when nothing came for a moment."""

    def taken(self, batch: Batch) -> None:
        """Hear that a batch is safe, and need not be given again after a restart."""
