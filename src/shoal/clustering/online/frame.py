"""Keep the last rows of a stream, side by side and in the order of their arrival.

Rows are written behind one another into an array that is longer than the frame; where it ends, the rows that
are still in the frame are moved to its front. So the frame is always one table without a seam, a row is
copied a few times at most, and what is computed from the frame does not depend on how its rows were chunked.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import exact_kernel
from shoal.clustering.kernels.packing import Doubles

# Values whose square a float64 still holds, with room for sums of many columns.
LARGEST = float(np.sqrt(np.finfo(np.float64).max)) / 16
LEAST_ROOM, MUCH = 1024, 1 << 16


def longest(size: int) -> int:
    """Return how long the table of a frame of `size` rows may get: twice as long, but of a large one less."""
    return size + max(LEAST_ROOM, min(size, MUCH), size // 4)


@exact_kernel
def _copied(rows: Doubles, table: Doubles, place: int) -> bool:
    """Copy rows (n, d) to a table from a place on; return whether each value is a number with a square."""
    n, d = rows.shape
    bad = 0
    for i in range(n):
        for j in range(d):
            value = rows[i, j]
            bad |= not (abs(value) <= LARGEST)
            table[place + i, j] = value
    return bad == 0


class Frame:
    """A sliding window over rows: the last `size` of them, or all when `size` is 0.

    `seen` is how many rows ever came. Rows are float64; an empty frame is `columns` wide. Weights are kept
    from the first weighted row on.
    """

    def __init__(self, size: int = 0, columns: int = 0) -> None:
        self.size = size
        self.seen = 0
        self._table: Doubles = np.empty((0, columns))
        self._masses: Doubles = np.empty(0)
        self._start = 0
        self._end = 0
        self._ready = -1

    @classmethod
    def of(cls, rows: Doubles, weights: Doubles, *, size: int, seen: int) -> Self:
        """Make a frame of its rows (n, d), the weights (n,) or none, and how many rows ever came."""
        frame = cls(size, rows.shape[1])
        frame.append(rows, weights)
        frame.seen = seen
        return frame

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def rows(self) -> Doubles:
        """Return the rows (n, d) as a view that holds until the next row comes."""
        return self._table[self._start : self._end]

    @property
    def weights(self) -> Doubles:
        """Return the weights (n,) as such a view; empty when every row weighs 1."""
        return self._masses[self._start : self._end] if self._masses.size else self._masses

    def fresh(self, mark: int) -> float:
        """Return which share of the frame's rows came after the first `mark` rows of the stream."""
        return min(1.0, (self.seen - mark) / len(self)) if len(self) else 0.0

    def append(self, rows: Doubles, weights: NDArray[Any] | None = None) -> None:
        """Take finite rows (n, d) in, and weights (n,) unless each is 1; old rows leave a full frame."""
        if not (count := len(rows)):
            return
        if self.size and count > self.size:
            rows, weights = rows[-self.size :], None if weights is None else weights[-self.size :]
        place = self._room(len(rows), rows.shape[1])
        self._table[place : place + len(rows)] = rows
        self._weigh(place, len(rows), weights)
        self._grow_by(len(rows))
        self.seen += count - len(rows)

    def take(self, rows: Doubles) -> bool:
        """Take C-contiguous rows (n, d) of weight 1 in, unless one holds what cannot be used: then none."""
        count, place = len(rows), self._end
        end = place + count
        if end > self._ready:
            return self._taken_slowly(rows)
        if not _copied(rows, self._table, place):
            return False
        self._end = end
        self.seen += count
        if 0 < self.size < end - self._start:
            self._start = end - self.size
        return True

    def _taken_slowly(self, rows: Doubles) -> bool:
        """Take rows in where there is no room behind the others, or where rows have weights."""
        if self._masses.size or 0 < self.size < len(rows):
            return False
        self._room(len(rows), rows.shape[1])
        self._ready = len(self._table)
        return self.take(rows)

    def join(self, other: Frame) -> None:
        """Take the rows of another frame in, evenly between one's own; the last `size` of all stay."""
        after = np.concatenate([(np.arange(len(part)) + 0.5) / max(len(part), 1) for part in (self, other)])
        order = np.argsort(after, kind="stable")
        rows = np.concatenate([self.rows, other.rows])[order]
        masses = [part.weights if part.weights.size else np.ones(len(part)) for part in (self, other)]
        weighted = self.weights.size or other.weights.size
        seen, self._start = self.seen + other.seen, self._end
        self.append(rows, np.concatenate(masses)[order] if weighted else None)
        self.seen = seen

    def resize(self, size: int) -> None:
        """Keep the last `size` rows from now on, all that will come with 0."""
        self.size = size
        self._grow_by(0)

    def _grow_by(self, count: int) -> None:
        self._end += count
        self.seen += count
        if self.size and self._end - self._start > self.size:
            self._start = self._end - self.size

    def _weigh(self, place: int, count: int, weights: NDArray[Any] | None) -> None:
        if weights is not None and weights.size and not self._masses.size:
            self._masses = np.ones(len(self._table))
            self._ready = -1
        if self._masses.size:
            given = weights is not None and weights.size
            self._masses[place : place + count] = weights if given else 1.0

    def _room(self, count: int, width: int) -> int:
        """Return where `count` more rows go, behind those that stay; move or enlarge the table if need be."""
        if self._end + count > len(self._table):
            kept = len(self)
            if self.size:
                kept = max(0, min(kept, self.size - count))
            self._move(kept, self._length(kept + count), width)
        return self._end

    def _length(self, needed: int) -> int:
        """Return how long the table ought to be for `needed` rows, so that moves are rare."""
        length = max(2 * needed, LEAST_ROOM)
        return min(length, longest(self.size)) if self.size else length

    def _move(self, kept: int, length: int, width: int) -> None:
        """Bring the last `kept` rows to the front of a table of a length."""
        table, masses, first = self._table, self._masses, self._end - kept
        if length != len(table):
            table = np.empty((length, width))
            masses = np.empty(length if masses.size else 0)
        if kept:
            table[:kept] = self._table[first : self._end]
        if kept and masses.size:
            masses[:kept] = self._masses[first : self._end]
        self._table, self._masses, self._start, self._end = table, masses, 0, kept
        self._ready = -1
