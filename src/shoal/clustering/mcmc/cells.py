"""Hold a set of centres with the cells of the frame's rows, and change both as a proposal says.

A centre keeps its slot as long as it lives. Rows keep their slot, an upper bound of the distance to its
reference centre and a lower bound of that to any other (Hamerly 2010). When centres move, the bounds of a
cell's rows all move by the same, so that is kept once per slot: a row's bounds are `upper + rise[slot]` and
`lower - sink[slot]`, and a row whose bounds still decide is not touched at all. A pass writes down what it
overwrites, so a rejected proposal costs no more than what it changed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.passes import FAR, pass_rows, plan_pass
from shoal.clustering.mcmc.score import Terms, total_score

Flags = NDArray[np.bool_]

# A cell that holds less than this share is what rounding has left of an empty one.
LEAST_MASS = 1e-13


@dataclass
class Slots:
    """Hold what is kept per slot: reference centres, sums over the rows, and shared parts of their bounds.

    `inner` sums squared lengths of rows. `away` bounds the distance from a reference centre to those added
    since its rows' bounds were computed, `widest` the rows' `upper`.
    """

    references: Doubles
    mass: Doubles
    sums: Doubles
    inner: Doubles
    rise: Doubles
    sink: Doubles
    away: Doubles
    widest: Doubles

    @classmethod
    def empty(cls, room: int, columns: int) -> Slots:
        """Return slots without a centre."""
        table = np.zeros((2, room, columns))
        flat = np.zeros((6, room))
        return cls(table[0], flat[0], table[1], *flat[1:])

    def copy(self) -> Slots:
        """Return slots that can be changed alone."""
        return Slots(*(getattr(self, field.name).copy() for field in fields(self)))

    def vacate(self, slots: Flags) -> None:
        """Forget the sums and bounds of some slots."""
        self.mass[slots], self.sums[slots], self.inner[slots] = 0.0, 0.0, 0.0
        self.rise[slots], self.sink[slots], self.away[slots], self.widest[slots] = 0.0, 0.0, FAR, -FAR

    @property
    def used(self) -> NDArray[np.int64]:
        """Return the slots (k,) whose cells have rows."""
        return np.flatnonzero(self.mass > 0)

    def means(self) -> Doubles:
        """Return the mean (room, d) of each cell; 0 where there is none."""
        return np.asarray(self.sums / np.where(self.mass > 0, self.mass, 1.0)[:, None])

    def losses(self) -> Doubles:
        """Return the sum (room,) of squared distances of each cell's rows to their mean."""
        inner = self.inner - np.einsum("ij,ij->i", self.sums, self.means())
        return np.asarray(np.where(self.mass > 0, np.maximum(inner, 0.0), 0.0))

    def distortion(self, terms: Terms) -> float:
        """Return the part of the score that tells how far rows are from their means."""
        mass = self.mass[self.used]
        return self.score(terms) - float(mass @ np.log(mass / terms.total)) + len(mass) * terms.price

    def score(self, terms: Terms) -> float:
        """Return the score of the cells about their own means."""
        return float(total_score(self.mass, self.losses(), terms))


@dataclass(frozen=True)
class Proposal:
    """Say which centres (room, d) there shall be: `kept` ones that moved, and `added` ones.

    An added centre may take the slot of one that goes.
    """

    centres: Doubles
    kept: Flags
    added: Flags

    @classmethod
    def anew(cls, centres: Doubles, room: int) -> Proposal:
        """Return a proposal to replace all centres by these (k, d)."""
        table = np.zeros((room, centres.shape[1]))
        table[: len(centres)] = centres
        added = np.arange(room) < len(centres)
        return cls(table, np.zeros(room, np.bool_), added)


@dataclass
class RowBounds:
    """Hold each row's slot and bounds, and what a pass overwrote of them."""

    labels: NDArray[np.int32]
    upper: Doubles
    lower: Doubles

    def __post_init__(self) -> None:
        self._places = np.empty(len(self.labels), np.int64)
        self._before = RowBounds.__new__(RowBounds)
        self._before.labels = np.empty_like(self.labels)
        self._before.upper, self._before.lower = np.empty_like(self.upper), np.empty_like(self.lower)

    @classmethod
    def of(cls, count: int) -> RowBounds:
        """Return bounds of rows that are in no cell."""
        return cls(np.full(count, -1, np.int32), np.zeros(count), np.zeros(count))

    @property
    def journal(self) -> tuple[NDArray[np.int64], NDArray[np.int32], Doubles, Doubles]:
        """Return where a pass writes what it overwrites."""
        return self._places, self._before.labels, self._before.upper, self._before.lower

    def undo(self, written: int) -> None:
        """Take back the last pass, which wrote so many rows."""
        places = self._places[:written]
        self.labels[places] = self._before.labels[:written]
        self.upper[places] = self._before.upper[:written]
        self.lower[places] = self._before.lower[:written]


def assign(
    rows: Doubles, weights: Doubles, bounds: RowBounds, slots: Slots, proposal: Proposal
) -> tuple[Slots, int]:
    """Give every row to the nearest centre of a proposal; return slots and how many rows were written.

    `slots` stays as it is, `bounds` follows the proposal until `undo`. Exact: bounds only spare computing.
    """
    after = slots.copy()
    after.vacate(~proposal.kept)
    after.references = proposal.centres
    living = np.flatnonzero(proposal.kept | proposal.added)
    half, still = plan_pass(
        slots.references, proposal.centres, proposal.kept, proposal.added, living,
        after.rise, after.sink, after.away, after.widest,
    )  # fmt: skip
    busy = slots.mass > 0
    if busy.any() and still[busy].all():
        return after, 0
    after.widest[proposal.kept & ~still] = -FAR
    written = pass_rows(
        rows, weights, bounds.labels, bounds.upper, bounds.lower, proposal.centres, living, proposal.kept,
        still, half, after.rise, after.sink, after.away, after.widest, after.mass, after.sums, after.inner,
        *bounds.journal,
    )  # fmt: skip
    after.vacate(after.mass <= LEAST_MASS * after.mass.sum())
    return after, written
