"""The processes that hold the shards of one task's frame: fed, asked, and replaced when one dies."""

from __future__ import annotations

import os
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.online.frame import Frame
from shoal.clustering.online.partials import Partial
from shoal.live.host.member import Member

Doubles = NDArray[np.float64]
_AT_ONCE = os.cpu_count() or 1  # that begin
_PATIENCE = 30.0  # seconds for a step, after which a process hangs


class Crew:
    """Spread the rows of a frame over `size` processes by their numbers, modulo `size`.

    Nobody waits for a process that begins, nor for ever for one that hangs: until all are there, `sums` is
    None, and who asks sums by itself.
    """

    def __init__(self, size: int) -> None:
        self._members = [Member(place, size) for place in range(size)]

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes that are there."""
        return [member.pid for member in self._members if member.pid is not None]

    @property
    def is_whole(self) -> bool:
        """Say whether every process is there; those that are not are begun, a few at a time."""
        beginning = sum(member.is_beginning for member in self._members)
        for member in self._members:
            if beginning < _AT_ONCE and member.may_begin:
                member.start()
                beginning += 1
        return all(member.is_there for member in self._members)

    def sums(
        self, frame: Frame, centres: Doubles, spread: Doubles, far: int
    ) -> tuple[list[Partial], NDArray[np.int32]] | None:
        """Return what each shard adds to a step from `centres` (k, d), and the labels of the frame's rows.

        None when a process is not there (yet, or any more).
        """
        if not self.is_whole:
            return None
        until = monotonic() + _PATIENCE
        for member in self._members:
            member.feed(frame, until)
            member.ask(centres, spread, far, until)
        found = [member.answer(centres.shape, until) for member in self._members]
        whole = [each for each in found if each is not None]
        if len(whole) < len(found):
            return None
        return [part for part, _ in whole], _labels(frame, [labels for _, labels in whole])

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.end()


def _labels(frame: Frame, parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    """Return the labels of a frame's rows out of those of the shards."""
    numbers = np.arange(frame.seen - len(frame), frame.seen)
    labels = np.empty(len(numbers), np.int32)
    for place, part in enumerate(parts):
        labels[numbers % len(parts) == place] = part
    return labels
