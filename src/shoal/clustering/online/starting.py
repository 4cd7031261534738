"""Start the centres of a stream from its first rows: the best of a few starts, mended by swaps."""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike

from shoal.clustering.canonical import canonical_order
from shoal.clustering.kernels.packing import Doubles, centring_offset, pack
from shoal.clustering.lloyd.state import Data
from shoal.clustering.online.adapting import adapt
from shoal.clustering.online.lanes import table_of
from shoal.clustering.online.partials import Assignment, moved, wanting
from shoal.clustering.online.seeding import initialiser, starting_centres

TRIALS = 4
STEPS = 8


def start(
    rows: Doubles, weights: Doubles, k: int, random: RandomState, init: str | ArrayLike
) -> tuple[Doubles, Doubles]:
    """Return centres (at most `k`, d) of rows (n, d) and their masses: none for rows that all weigh nothing.

    Starts by chance are tried four times and numbered by size; given ones keep their order.
    """
    data = Data.of(pack(rows, centring_offset(rows)), weights)
    by_chance = isinstance(init, str) and initialiser(init) != "given"
    best: tuple[float, Doubles, Doubles] | None = None
    for _ in range(TRIALS if by_chance else 1):
        seeds = starting_centres(rows, k, random, init=init, weights=weights)
        if not len(seeds):
            return seeds, np.empty(0)
        centres, assignment = _refined(data, seeds, k)
        if best is None or assignment.inertia < best[0]:
            best = assignment.inertia, centres, assignment.counts.copy()
    _, centres, masses = best or (0.0, np.empty((0, rows.shape[1])), np.empty(0))
    adapt(rows, weights, centres, masses, table_of(centres))
    order = canonical_order(masses, centres) if by_chance else np.arange(len(centres))
    return centres[order], masses[order]


def _refined(data: Data, centres: Doubles, k: int) -> tuple[Doubles, Assignment]:
    """Return the centres after some steps of Lloyd's algorithm, and the rows assigned to them."""
    assignment = Assignment(data, centres)
    for _ in range(STEPS):
        centres = moved(centres, assignment.partial(wanting(assignment.counts, k)), k)
        assignment = Assignment(data, centres)
    return np.ascontiguousarray(centres), assignment
