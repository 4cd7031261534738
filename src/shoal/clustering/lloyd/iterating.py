"""Run Lloyd's iterations from given centres until labels or centres come to rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.canonical import canonical_order, ranks_of
from shoal.clustering.kernels.packing import Doubles, Floats, lanes, pack
from shoal.clustering.kernels.team import Team
from shoal.clustering.lloyd.bounded import BoundedState
from shoal.clustering.lloyd.hamerly import padding
from shoal.clustering.lloyd.relocation import relocate_empty
from shoal.clustering.lloyd.state import Data, RowState, State

# Moving rows in and out of sums leaves about 1e-16 of what was moved; summing anew drops it.
REBUILD_EVERY = 50
# From where bounds won over 20 iterations on overlapping blobs, d 8 to 64, k 8 to 128: searching a row has a
# fixed price, so a row must hold enough bytes, and skipping it must save enough of them times centres.
BOUNDED_ROW, BOUNDED_SEARCH, BOUNDED_ITERATIONS = 256, 12288, 5


@dataclass(frozen=True)
class Outcome:
    """Hold a clustering, canonically numbered.

    Centres (k, d) in float64, not centred; labels (n,); masses (k,); inertia; iterations done.
    """

    centres: Doubles
    labels: NDArray[np.int32]
    masses: Doubles
    inertia: float
    iterations: int


def lloyd(data: Data, start: Doubles, *, max_iter: int, tol: float, threads: int = 1) -> Outcome:
    """Cluster packed rows from the centres `start` (k, d), not centred.

    Stops when no label changes, when the squared moves of the centres sum to `tol` or less, or after
    `max_iter` iterations. Labels are those of the final centres (Lloyd 1982; rules as in scikit-learn).
    """
    with Team(threads) as team:
        state = new_state(data, start - data.packed.offset, team, max_iter)
        iterations, at_rest = _iterate(state, max_iter, tol)
        if not at_rest:
            state.assign(keep_sums=True)
        state.sums.reduce()
        inertia = state.inertia()
    centres = state.centres + data.packed.offset
    order = canonical_order(state.sums.mass, centres)
    labels = state.renamed_labels(ranks_of(order))
    return Outcome(centres[order], labels, state.sums.mass[order], inertia, iterations)


def new_state(data: Data, centres: Doubles, team: Team, max_iter: int) -> State:
    """Choose how to assign rows: with bounds when there is much to skip and iterations enough to do so."""
    k, dtype = centres.shape[0], data.packed.dtype
    row = data.packed.features * dtype.itemsize
    worth = row >= BOUNDED_ROW and row * k / padding(k, lanes(dtype)) >= BOUNDED_SEARCH
    kind = BoundedState if worth and max_iter > BOUNDED_ITERATIONS else RowState
    return kind(data, centres, team)


def _iterate(state: State, max_iter: int, tol: float) -> tuple[int, bool]:
    """Return the iterations done, and whether the labels had come to rest."""
    for i in range(max_iter):
        rebuild = i % REBUILD_EVERY == 0
        changes = state.assign(keep_sums=not rebuild)
        at_rest = i > 0 and changes == 0
        if rebuild or (at_rest and state.sums.have_shrunk()):
            state.rebuild_sums()
        if state.sums.reduce():
            relocate_empty(state)
        shift = state.move_centres()
        if at_rest or shift <= tol:
            return i + 1, at_rest
    return max_iter, False


def nearest_centres(
    rows: Floats, centres: Doubles, weights: Doubles | None = None
) -> tuple[NDArray[np.int32], RowState]:
    """Return the nearest centre (n,) of each row, the lowest of equals, and the state that found it."""
    packed = pack(rows, np.asarray(centres.mean(axis=0)))
    data = Data.of(packed, np.empty(0) if weights is None else weights)
    with Team(1) as team:
        state = RowState(data, centres - packed.offset, team)
        state.assign(keep_sums=False)
    return state.renamed_labels(), state
