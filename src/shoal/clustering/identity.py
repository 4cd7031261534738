"""Keep the identity of clusters from one update to the next, though algorithms number them anew.

Old and new centres are paired so that the squared distances of the pairs sum to the least (Kuhn 1955). A
pair whose centre went further than to a neighbour is no move but a death and a birth. A new centre without
an old one is a split when the old cluster's place is told better by the mean of it and its sibling than by
the sibling alone, else a birth; a lost centre is a merge or a death by the same rule turned round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from scipy.optimize import linear_sum_assignment

from shoal.clustering.spaces.elements import gathered
from shoal.clustering.spaces.euclid import EUCLID
from shoal.clustering.spaces.space import Doubles, Element, Elements, Space

Kind = Literal["birth", "death", "split", "merge"]
Pairs = dict[int, int]  # New cluster to old cluster, by position.

COLOURS = 12
# How much better two parts must tell a whole than one of them, and how small a part of it one may be: a
# speck that appears far off shifts the mean by as little as centres move by chance.
TELLING, LEAST_PART = 0.5, 0.05


class Change(NamedTuple):
    """What became of cluster `id`; `other` is the one it split from or was merged into."""

    kind: Kind
    id: int
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A living cluster: its lasting id, its colour slot (from 0), its last centre and mass."""

    id: int
    slot: int
    centre: Element
    mass: float


@dataclass(slots=True)
class Slots:
    """Give colour slots: unused ones first, then those freed longest ago, then ones beyond the palette."""

    used: int = 0
    freed: list[int] = field(default_factory=list)

    def take(self) -> int:
        """Return a slot that no living cluster has."""
        if self.freed and self.used >= COLOURS:
            slot = min(self.freed, key=lambda one: one >= COLOURS)  # The first, of the palette if any is.
            self.freed.remove(slot)
            return slot
        self.used += 1
        return self.used - 1

    def free(self, slot: int) -> None:
        """Give a slot back."""
        self.freed.append(slot)


class Identities:
    """Give clusters ids that last, and tell what appears, goes, splits and merges.

    >>> known = Identities()
    >>> known.update(np.array([[0.0], [9.0]]), np.array([5.0, 5.0]))
    [Change(kind='birth', id=0, other=None), Change(kind='birth', id=1, other=None)]
    >>> known.update(np.array([[9.1], [0.1]]), np.array([5.0, 5.0]))
    []
    >>> known.ids
    [1, 0]
    """

    def __init__(self, space: Space = EUCLID) -> None:
        self._space = space
        self._living: list[Known] = []
        self._next = 0
        self._again: list[int] = []
        self._slots = Slots()

    @property
    def ids(self) -> list[int]:
        """The ids of the clusters of the last update, in its order."""
        return [known.id for known in self._living]

    @property
    def slots(self) -> list[int]:
        """The colour slots of the clusters of the last update, in its order."""
        return [known.slot for known in self._living]

    def update(self, centres: Elements, masses: Doubles) -> list[Change]:
        """Take the clusters as they are now, `masses` (k,); return what changed, in the order of ids."""
        old = self._living
        pairs = self._pairs(centres)
        gone = [place for place in range(len(old)) if place not in pairs.values()]
        for place in gone:
            self._slots.free(old[place].slot)
        self._living = [
            self._renewed(old, pairs.get(place), centre, float(mass))
            for place, (centre, mass) in enumerate(zip(centres, masses, strict=True))
        ]
        changes = [self._loss(old, place, pairs) for place in gone]
        changes += [self._gain(old, place, pairs) for place in range(len(centres)) if place not in pairs]
        return sorted(changes, key=lambda change: change.id)

    def _pairs(self, centres: Elements) -> Pairs:
        old = [known.centre for known in self._living]
        if not old or not len(centres):
            return {}
        gaps = self._space.distances(gathered(old), centres)
        reach = np.maximum.outer(self._room(gathered(old)), self._room(centres))
        # A leap costs no more than its limit, or others would change places to shorten it.
        rows, columns = linear_sum_assignment(np.minimum(gaps, reach) ** 2)
        return {int(b): int(a) for a, b in zip(rows, columns, strict=True) if gaps[a, b] <= reach[a, b]}

    def _room(self, centres: Elements) -> Doubles:
        """Return the distance of each centre to the nearest other; infinite where there is none."""
        gaps = self._space.distances(centres, centres)
        np.fill_diagonal(gaps, np.inf)
        room: Doubles = gaps.min(axis=1)
        return room

    def _renewed(self, old: list[Known], place: int | None, centre: Element, mass: float) -> Known:
        if place is not None:
            return Known(old[place].id, old[place].slot, np.array(centre), mass)
        return Known(self._new_id(), self._slots.take(), np.array(centre), mass)

    def _new_id(self) -> int:
        if self._again:
            return self._again.pop(0)
        self._next += 1
        return self._next - 1

    def give_again(self, ids: Iterable[int]) -> None:
        """Give ids of clusters that went to new ones: those that nobody was told of, the lowest first."""
        self._again = sorted({*self._again, *ids} - set(self.ids))

    def _gain(self, old: list[Known], place: int, pairs: Pairs) -> Change:
        """Say whether a new cluster is born, or one part of a split one."""
        new = self._living[place]
        paired = [(old[a], self._living[b]) for b, a in pairs.items()]
        parent = self._whole_of(new, [before for before, _ in paired], [after for _, after in paired])
        return Change("birth", new.id) if parent is None else Change("split", new.id, parent)

    def _loss(self, old: list[Known], place: int, pairs: Pairs) -> Change:
        """Say whether a cluster died, or became part of another."""
        lost = old[place]
        paired = [(old[a], self._living[b]) for b, a in pairs.items()]
        heir = self._whole_of(lost, [after for _, after in paired], [before for before, _ in paired])
        return Change("death", lost.id) if heir is None else Change("merge", lost.id, heir)

    def _whole_of(self, part: Known, wholes: Sequence[Known], parts: Sequence[Known]) -> int | None:
        """Return which of `wholes` is better told by its counterpart in `parts` together with `part`."""
        best, found = TELLING, None
        for whole, other in zip(wholes, parts, strict=True):
            if min(part.mass, other.mass) > LEAST_PART * (part.mass + other.mass):
                mean = self._space.combine(part.centre, part.mass, other.centre, other.mass)
                told = self._space.distances(gathered([mean, other.centre]), gathered([whole.centre]))[:, 0]
                if told[0] < best * told[1]:
                    best, found = float(told[0] / told[1]), whole.id
        return found

    def as_plain(self) -> dict[str, Any]:
        """Return the state as JSON-able values; numbers keep all their bits."""
        return {
            "next": self._next,
            "again": list(self._again),
            "used": self._slots.used,
            "freed": list(self._slots.freed),
            "living": [
                {"id": known.id, "slot": known.slot, "centre": known.centre.tolist(), "mass": known.mass}
                for known in self._living
            ],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], space: Space = EUCLID) -> Self:
        """Return identities that go on from what `as_plain` returned."""
        made = cls(space)
        made._next, made._again = plain["next"], list(plain.get("again", ()))
        made._slots = Slots(plain["used"], list(plain["freed"]))
        made._living = [
            Known(one["id"], one["slot"], np.asarray(one["centre"], np.float64), one["mass"])
            for one in plain["living"]
        ]
        return made
