"""One step of Lloyd's algorithm in two halves, so that rows may lie in several places.

Each place sums its rows by nearest centre (`partial`); the sums are added (`combine`) and the centres move to
the means (`moved`). One place alone does the same, so sharding changes a centre by rounding only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles, centring_offset, pack
from shoal.clustering.kernels.team import Team
from shoal.clustering.lloyd.passes import squared_distances
from shoal.clustering.lloyd.state import Data, RowState
from shoal.clustering.online.frame import Frame


@dataclass(frozen=True)
class Partial:
    """What the rows of one place add to a step.

    `sums` (k, d) of weighted rows less `origin` (d,), `counts` (k,) sums of weights, `inertia` the weighted
    sum of squared distances to the centres that were asked for. `far` (m, d) are rows where a centre is
    missed most, the farthest first, `gaps` (m,) their squared distances.
    """

    origin: Doubles
    sums: Doubles
    counts: Doubles
    inertia: float
    far: Doubles
    gaps: Doubles


class Assignment:
    """Rows assigned to the nearest of some centres, the lowest-numbered of equally near ones."""

    def __init__(self, data: Data, centres: Doubles) -> None:
        """Assign packed rows to `centres` (k, d), which are not centred."""
        self._state = RowState(data, centres - data.packed.offset, Team(1))
        self._centres = centres
        self._state.assign(keep_sums=False)
        self._state.rebuild_sums()
        self._state.sums.reduce()
        self.inertia = self._state.inertia()

    @property
    def labels(self) -> NDArray[np.int32]:
        """Return the centre (n,) of each row."""
        return self._state.renamed_labels()

    @property
    def counts(self) -> Doubles:
        """Return the sum of weights (k,) of each centre's rows."""
        return self._state.sums.mass

    def partial(self, far: int = 0) -> Partial:
        """Return the sums, and up to `far` rows that miss a centre."""
        packed, sums = self._state.data.packed, self._state.sums
        places, gaps = self._far(far)
        far_rows = packed.rows[places].astype(np.float64)
        origin = packed.offset.astype(np.float64)
        return Partial(origin, sums.total, sums.mass, self.inertia, far_rows, gaps)

    def _far(self, most: int) -> tuple[list[int], Doubles]:
        """Return the rows farthest from the centres and from those picked before, and how far they are."""
        data, places, far = self._state.data, list[int](), list[float]()
        if not most:
            return places, np.empty(0)
        gaps = np.empty(data.packed.count)
        squared_distances(data.packed.rows, self._state.labels, self._centres, gaps)
        if data.weights.size:
            gaps[data.weights == 0] = 0.0
        noise = rounding(self._centres)
        while len(places) < most and gaps[place := int(gaps.argmax())] > noise:
            places.append(place)
            far.append(gaps[place])
            gaps = np.minimum(gaps, np.square(data.packed.rows - data.packed.rows[place]).sum(axis=1))
        return places, np.array(far)


def rounding(centres: Doubles) -> float:
    """Return the squared distance below which a row lies on a centre."""
    eps = float(np.finfo(np.float64).eps)
    return 16 * eps * eps * float(np.square(centres).sum(axis=1).max())


def data_of(frame: Frame, spread: Doubles) -> Data:
    """Pack the rows of a frame that has some, divided by the spread (d,) of columns unless that is empty."""
    rows = frame.rows / spread if spread.size else frame.rows
    return Data.of(pack(rows, centring_offset(rows)), frame.weights.copy())


def partial(frame: Frame, centres: Doubles, *, far: int = 0, spread: Doubles | None = None) -> Partial:
    """Return what the rows of a frame add to a step from `centres` (k, d); see `Partial`.

    An empty frame adds nothing. With `spread` (d,) rows and centres are compared divided by it, and the
    result is in those units.
    """
    factors = np.empty(0) if spread is None else spread
    scaled = centres / factors if factors.size else centres
    if not len(frame):
        k, d = centres.shape
        none = np.empty((0, d)), np.empty(0)
        return Partial(scaled[0].copy(), np.zeros((k, d)), np.zeros(k), 0.0, *none)
    return Assignment(data_of(frame, factors), scaled).partial(far)


def combine(parts: Sequence[Partial]) -> Partial:
    """Add up the parts of several places, in their order."""
    origin, sums, counts = parts[0].origin, parts[0].sums.copy(), parts[0].counts.copy()
    for part in parts[1:]:
        sums += part.sums + part.counts[:, None] * (part.origin - origin)
        counts += part.counts
    far = np.concatenate([part.far for part in parts])
    gaps = np.concatenate([part.gaps for part in parts])
    order = _spread_out(far, gaps, max(len(part.far) for part in parts))
    return Partial(origin, sums, counts, sum(part.inertia for part in parts), far[order], gaps[order])


def _spread_out(far: Doubles, gaps: Doubles, most: int) -> list[int]:
    """Return the places of rows far from the centres and from one another."""
    gaps, places = gaps.copy(), list[int]()
    while len(places) < most and gaps.max(initial=0.0) > 0:
        places.append(int(gaps.argmax()))
        gaps = np.minimum(gaps, np.square(far - far[places[-1]]).sum(axis=1))
    return places


def moved(centres: Doubles, part: Partial, k: int) -> Doubles:
    """Return the centres at the means of their rows, `k` of them if there are rows for so many.

    If some are dead or missing, and the part has far rows, these become centres and the others wait for the
    next step: their rows are to be shared first. A dead one that finds no far row is dropped.
    """
    alive = part.counts > 0
    if alive.all() and (len(centres) == k or not len(part.far)):
        return np.asarray(part.origin + part.sums / part.counts[:, None])
    dead, far, placed = np.flatnonzero(~alive), part.far, centres.copy()
    mended = dead[: len(far)]
    placed[mended] = far[: len(mended)]
    kept = np.delete(placed, dead[len(mended) :], axis=0)
    return np.concatenate([kept, far[len(mended) :][: max(0, k - len(kept))]])


def wanting(counts: Doubles, k: int) -> int:
    """Return how many centres are dead or missing."""
    return int((counts == 0).sum()) + max(0, k - len(counts))
