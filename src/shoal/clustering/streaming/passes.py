"""The two ways to look at a stream once: what each keeps of it, and what clusters it finds in that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.limits import InvalidData
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.online.snapshots import InvalidSnapshot, Snapshot
from shoal.clustering.streaming.grouping import Wanted, grouped
from shoal.clustering.streaming.micros import Cells, Micros
from shoal.clustering.streaming.original import Follower, Rule
from shoal.clustering.streaming.units import has_changed, spread_of_cells

Labels = NDArray[np.int32]


class Knobs(NamedTuple):
    """The hyperparameters of both ways, checked."""

    most: int
    half_life: float | None
    micros: int
    confirmed: float
    amp: float
    b: float
    scale: str
    rule: Rule


@dataclass(frozen=True)
class Found:
    """Clusters: centres (k, d), masses (k,), the algorithm's figures, and what tells a row's cluster.

    That is the group (m,) of the nearest of some places (m, d); columns are divided by a unit (d,), if any.
    """

    centres: Doubles
    counts: Doubles
    figures: dict[str, float]
    places: Doubles
    groups: Labels
    unit: Doubles

    def labels_of(self, rows: Doubles) -> Labels:
        """Return the cluster (n,) of each row, -1 where it is held apart as noise."""
        return self.groups[nearest_centres(rows / self.unit if self.unit.size else rows, self.places)[0]]


class Pass(Protocol):
    """Look at rows once, in turn, and say what clusters there are."""

    method: str

    def take(self, rows: Doubles, weights: Doubles, knobs: Knobs, random: RandomState) -> None:
        """Look at rows (n, d), with weights (n,) or none."""

    def found(self, recent: Doubles, weights: Doubles, knobs: Knobs) -> Found:
        """Return the clusters; `recent` are some of the last rows, of `weights` or none."""

    def take_in(self, other: Any, knobs: Knobs) -> None:
        """Take over what was found in another part of the stream."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""

    def recall(self, snapshot: Snapshot, knobs: Knobs) -> None:
        """Take a state back."""


class Original:
    """The original's rule."""

    method = "original"

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._follower: Follower | None = None

    def _of(self, knobs: Knobs) -> Follower:
        if self._follower is None:
            self._follower = Follower(self._columns, knobs.most)
        if self._follower.most != knobs.most:
            self._follower.bound(knobs.most)
        return self._follower

    def take(self, rows: Doubles, weights: Doubles, knobs: Knobs, random: RandomState) -> None:
        """Look at rows in turn; a random number is drawn for each, wanted or not."""
        self._of(knobs).follow(rows, weights, random.standard_normal(len(rows)), knobs.rule)

    def found(self, recent: Doubles, weights: Doubles, knobs: Knobs) -> Found:
        """Return the centres, and the greatest distance met."""
        follower = self._of(knobs)
        centres = follower.centres
        figures = {"max_distance": follower.farthest}
        each = np.arange(len(centres), dtype=np.int32)
        return Found(centres, follower.cards, figures, centres, each, np.empty(0))

    def take_in(self, other: Original, knobs: Knobs) -> None:
        """Put the other's centres beside these."""
        self._of(knobs).take_in(other._of(knobs))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return self._follower.arrays() if self._follower else {}

    def recall(self, snapshot: Snapshot, knobs: Knobs) -> None:
        """Take a state back."""
        if "cards" in snapshot.arrays:
            size = len(snapshot.array("cards", np.float64, None))
            snapshot.array("centres", np.float64, self._columns, size)
            _refuse_beyond(snapshot.array("numbers", np.float64, 3), size)
            self._follower = Follower.of(snapshot.arrays, max(knobs.most, size))


class Robust:
    """Micro-clusters, grouped when clusters are asked for."""

    method = "robust"

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._micros: Micros | None = None
        self._unit = np.empty(0)  # By what columns are divided; empty until that is known.
        self._known: tuple[Any, Found] | None = None

    def _of(self, knobs: Knobs) -> Micros:
        micros = self._micros or Micros(self._columns, knobs.micros, knobs.half_life)
        if micros.size != knobs.micros:
            micros = Micros.joined([micros], knobs.micros, knobs.half_life)
        micros.half_life = knobs.half_life
        self._micros = micros
        return micros

    def take(self, rows: Doubles, weights: Doubles, knobs: Knobs, random: RandomState) -> None:
        """Look at rows in turn."""
        self._known = None if len(rows) else self._known
        micros = self._of(knobs)
        while len(rows):
            unit = self._unit
            done = micros.absorb_until_full(rows / unit if unit.size else rows, weights)
            rows, weights = rows[done:], weights[done:]
            if len(rows):
                self._weigh_columns(micros, knobs)
                micros.make_room()

    def _weigh_columns(self, micros: Micros, knobs: Knobs) -> None:
        """Find by what columns are divided, before any are merged, and again when that is out of date."""
        if knobs.scale == "none" and not self._unit.size:
            return
        spread = spread_of_cells(knobs.scale, self._own(micros.cells()))
        if not self._unit.size or has_changed(self._unit, spread):
            micros.rescale(spread / self._unit if self._unit.size else spread)
            self._unit = spread

    def _own(self, cells: Cells) -> Cells:
        """Return micro-clusters with means in the rows' own units."""
        return cells._replace(means=cells.means * self._unit) if self._unit.size else cells

    def found(self, recent: Doubles, weights: Doubles, knobs: Knobs) -> Found:
        """Return the groups of micro-clusters; `recent` rows tell how finely values are rounded."""
        if self._known is None or self._known[0] != knobs:
            self._known = knobs, self._grouped(recent, weights, knobs)
        return self._known[1]

    def _grouped(self, recent: Doubles, weights: Doubles, knobs: Knobs) -> Found:
        micros = self._of(knobs)
        cells, unit = micros.cells(), self._unit
        if not unit.size and knobs.scale != "none" and len(cells.mass):
            unit = spread_of_cells(knobs.scale, cells)
            cells = cells._replace(means=cells.means / unit)
        wanted = Wanted(knobs.most, knobs.amp, knobs.b, knobs.confirmed)
        groups = grouped(cells, recent / unit if unit.size else recent, weights, wanted)
        centres = groups.centres * unit if unit.size else groups.centres
        figures = {"micros": float(micros.used), "width": micros.width, "inertia": groups.inertia}
        return Found(centres, groups.mass, figures, cells.means, groups.labels, unit)

    def take_in(self, other: Robust, knobs: Knobs) -> None:
        """Put the other's micro-clusters beside these, and merge the cheapest if they are too many."""
        self._known = None
        theirs = other._of(knobs)
        if self._unit.size or other._unit.size:
            mine = self._unit if self._unit.size else other._unit
            ratio = mine / (other._unit if other._unit.size else 1.0)
            theirs = Micros.of(theirs.arrays(), knobs.half_life)
            theirs.rescale(ratio)
            if not self._unit.size:
                self._of(knobs).rescale(mine)
                self._unit = mine
        self._micros = Micros.joined([self._of(knobs), theirs], knobs.micros, knobs.half_life)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return (self._micros.arrays() if self._micros else {}) | {"unit": self._unit.copy()}

    def recall(self, snapshot: Snapshot, knobs: Knobs) -> None:
        """Take a state back."""
        self._unit = snapshot.array("unit", np.float64, None)
        if self._unit.size not in (0, self._columns):
            raise InvalidData("The units of this snapshot are not those of its columns.")
        if "micro_mass" in snapshot.arrays:
            size = len(snapshot.array("micro_mass", np.float64, None))
            snapshot.array("micro_means", np.float64, self._columns, size)
            snapshot.array("micro_inner", np.float64, size)
            snapshot.array("micro_touched", np.float64, size)
            _refuse_beyond(snapshot.array("micro_numbers", np.float64, 3), size)
            self._micros = Micros.of(snapshot.arrays, knobs.half_life)


def _refuse_beyond(numbers: Doubles, size: int) -> None:
    """Refuse numbers of which the first says that more places are used than there are: kernels trust it."""
    if not 0 <= numbers[0] <= size or numbers.min() < 0:
        raise InvalidSnapshot("This snapshot says of more clusters than it holds.", hint="Export it again.")


def new_pass(method: str, columns: int) -> Pass:
    """Return a pass that has seen nothing."""
    return Original(columns) if method == "original" else Robust(columns)
