"""Hold a K-Means fit that keeps bounds on distances, for many centres in many dimensions."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kernels.packing import Doubles, Floats, aligned_empty, block_rows, lanes
from shoal.clustering.kernels.team import Team
from shoal.clustering.lloyd.hamerly import assign_bounded, half_gaps, lane_room, pack_lanes, square_norms
from shoal.clustering.lloyd.state import Data, State

# Below this share of changed labels enough rows keep within their bounds to pay for looking at the bounds.
CALM = 0.15


class BoundedState(State):
    """Assign only rows whose bounds do not settle their label (see `hamerly`)."""

    def __init__(self, data: Data, centres: Doubles, team: Team) -> None:
        super().__init__(data, centres, team)
        packed, (k, d) = data.packed, centres.shape
        width = lanes(packed.dtype)
        room = lane_room(k, d, width)
        self._packed: Floats = aligned_empty(room, packed.dtype)
        self._norms: Floats = aligned_empty((room[0], room[2]), packed.dtype)
        self._square: Doubles = np.empty(packed.count)
        square_norms(packed.centred, self._square)
        self._bounds: Doubles = np.empty((2, packed.count))
        self._gaps: Doubles = np.empty(k)
        self._spans = np.minimum(data.bounds * block_rows(packed.dtype), packed.count)
        self._bounded = False
        self._largest = 0.0
        self.pack_centres()

    def pack_centres(self) -> None:
        """Pack the centres for the tile, and measure how far they are apart."""
        self._largest = pack_lanes(self.centres, self._packed, self._norms)
        if self._bounded:
            half_gaps(self.centres, self._gaps)

    def assign(self, keep_sums: bool) -> int:
        """Find the nearest centre of every row whose bounds leave it open; return how many labels changed."""
        packed, given = self.data.packed, self.given_centres

        def assign(chunks: tuple[int, int]) -> int:
            return assign_bounded(
                packed.rows, packed.centred, self._square, self.data.weights, self._spans, chunks,
                self._packed, self._norms, self._largest, self.centres, given, self.moves, self._gaps,
                self._bounds, self._bounded, keep_sums, self.labels, *self.sums.by_chunk,
            )  # fmt: skip

        changes = self.team.sum(assign)
        self._bounded = self._bounded or changes < CALM * packed.count
        return changes
