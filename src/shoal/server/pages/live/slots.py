"""The colours of a live task's clusters: by the order of birth, and kept while a cluster lives."""

from __future__ import annotations

from collections.abc import Collection

from shoal.studies.telling.colours import SLOTS


class Slots:
    """Give clusters slots from 1; a slot over 12 is that of twelve before, drawn open."""

    def __init__(self) -> None:
        self._of = dict[int, int]()

    def of(self, ids: Collection[int]) -> dict[int, int]:
        """Return the slot of each cluster that lives; one that is new takes its own, if that is free."""
        self._of = {id_: slot for id_, slot in self._of.items() if id_ in ids}
        for id_ in sorted(set(ids) - set(self._of)):
            self._of[id_] = _free(id_, set(self._of.values()))
        return self._of


def _free(id_: int, taken: Collection[int]) -> int:
    many, own = len(SLOTS), (id_ - 1) % len(SLOTS)
    wishes = (turn * many + (own + step) % many + 1 for turn in range(len(taken) + 1) for step in range(many))
    return next(slot for slot in wishes if slot not in taken)
