"""Rows from a task's log, in pieces."""

from __future__ import annotations

from typing import Any, NamedTuple

from shoal.live.log.drawing import joined
from shoal.live.log.reader import Reader
from shoal.live.log.record import Chunk


class Piece(NamedTuple):
    """Rows in the order of the log: those before row `end`; `at` is when the last came (µs)."""

    rows: Any
    end: int
    at: int


class Intake:
    """Read on in a log; what is left of a large record is kept, so that it is read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._left: Chunk | None = None

    def take(self, row: int, end: int, most: float) -> Piece | None:
        """Return at most `most` rows from `row` on and before `end`; None when there are none.

        Rows that the log has dropped are left out: then the piece begins later.
        """
        chunks: list[Chunk] = []
        taken = 0
        for chunk in self._chunks(row, int(min(most, end - row))):
            n = int(min(len(chunk.rows), most - taken, end - chunk.first))
            if n <= 0:
                break
            chunks.append(chunk._replace(rows=chunk.rows[:n]))
            taken += n
            self._left = chunk._replace(first=chunk.first + n, rows=chunk.rows[n:])
        if not chunks:
            return None
        last = chunks[-1]
        return Piece(joined([chunk.rows for chunk in chunks]), last.first + len(last.rows), last.at)

    def _chunks(self, row: int, most: int) -> list[Chunk]:
        left, self._left = self._left, None
        if left is None or left.first != row or not len(left.rows):
            return self._reader.read(row, most)
        if len(left.rows) >= most:
            return [left]
        return [left, *self._reader.read(row + len(left.rows), most - len(left.rows))]
