"""A process that holds a part of a task's frame, and sums its rows by nearest centre: one shard.

It says `ready` on its standard output, reads messages (`live.wire`) from its standard input until that ends,
and answers.
`take {oldest, numbers, dim}` with rows: keep them, drop what is older than number `oldest`; no answer.
`sum {k, dim, far}` with centres and the spread of columns: answers what the rows add to a step, and labels.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.online.frame import Frame
from shoal.clustering.online.partials import Assignment, Partial, data_of, partial
from shoal.live.wire import Frame as Message
from shoal.live.wire import Unpacker, packed

Doubles = NDArray[np.float64]
READY = "ready"
_PIECE = 1 << 18


class Shard:
    """Hold rows by their numbers, oldest first."""

    def __init__(self) -> None:
        self._frame = Frame(0)
        self._numbers: list[int] = []
        self._data: Any = None

    def take(self, said: dict[str, Any], payload: bytes) -> None:
        """Keep rows, and drop those before the number `oldest`."""
        rows = np.frombuffer(payload, "<f8").reshape(-1, said["dim"])
        if len(rows):
            self._frame.append(np.ascontiguousarray(rows))
            self._numbers += said["numbers"]
        kept = sum(number >= said["oldest"] for number in self._numbers)
        self._numbers = self._numbers[len(self._numbers) - kept :]
        self._frame.resize(kept) if kept else self._empty()
        self._frame.resize(0)
        self._data = None

    def _empty(self) -> None:
        self._frame = Frame(0)

    def sum(self, said: dict[str, Any], payload: bytes) -> bytes:
        """Return a whole message: what the rows add to a step, and their labels."""
        numbers = np.frombuffer(payload, "<f8")
        k, dim = said["k"], said["dim"]
        centres, spread = numbers[: k * dim].reshape(k, dim).copy(), numbers[k * dim :].copy()
        if not len(self._frame):
            return _message(partial(self._frame, centres, spread=spread), np.empty(0, np.int32))
        if self._data is None or not np.array_equal(self._data[0], spread):
            self._data = spread, data_of(self._frame, spread)
        found = Assignment(self._data[1], centres / spread if spread.size else centres)
        return _message(found.partial(said["far"]), found.labels)


def _message(part: Partial, labels: NDArray[np.int32]) -> bytes:
    header = {"n": len(labels), "far": len(part.far), "inertia": part.inertia}
    arrays = (part.origin, part.sums, part.counts, part.far, part.gaps)
    numbers = b"".join(np.ascontiguousarray(array, np.float64).tobytes() for array in arrays)
    return packed(header, numbers + np.asarray(labels, np.int32).tobytes())


def part_of(message: Message, k: int, dim: int) -> tuple[Partial, NDArray[np.int32]]:
    """Return what a shard answered to `sum`."""
    far = int(message.header["far"])
    shapes = ((dim,), (k, dim), (k,), (far, dim), (far,))
    arrays, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(np.frombuffer(message.payload, np.float64, size, at).reshape(shape).copy())
        at += 8 * size
    origin, sums, counts, rows, gaps = arrays
    labels = np.frombuffer(message.payload, np.int32, message.header["n"], at)
    return Partial(origin, sums, counts, float(message.header["inertia"]), rows, gaps), labels


def main() -> None:
    """Serve until the input ends."""
    output = os.dup(1)
    os.dup2(2, 1)  # What a library prints is no answer.
    shard, unpacker = Shard(), Unpacker()
    _write(output, packed({"op": READY}))
    while piece := os.read(0, _PIECE):
        for message in unpacker.feed(piece):
            if message.op == "take":
                shard.take(message.header, message.payload)
            else:
                _write(output, shard.sum(message.header, message.payload))


def _write(output: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(output, left) :]


if __name__ == "__main__":
    main()
