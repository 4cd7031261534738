"""Propose centres that owe nothing to the present ones: cut a sample finely, merge, take the best level.

That repairs what single merges and splits cannot: a heap of many blobs that looks like one round cluster, and
a blob in so many pieces that no one merge pays. The score is at the sample's size: at the frame's it would
take the pieces' own chance differences for structure in many dimensions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles, pack
from shoal.clustering.lloyd.iterating import lloyd
from shoal.clustering.lloyd.plusplus import Seeding
from shoal.clustering.lloyd.state import Data
from shoal.clustering.mcmc.agglomeration import Level, best_level, start_pooled
from shoal.clustering.mcmc.cells import Proposal, RowBounds, Slots, assign
from shoal.clustering.mcmc.chain import Chain
from shoal.clustering.mcmc.dimension import effective_dimension
from shoal.clustering.mcmc.moves import Move

SAMPLE, LEAST_ROWS, ROWS_A_PIECE, STEPS, ROUNDS = 4096, 10, 5, 4, 5
SAME, NEAR = 0.1, 0.05


def global_move(chain: Chain) -> Move | None:
    """Take over the effective dimension, and propose all centres anew; None for few rows."""
    rows, weights = draw_sample(chain)
    if len(rows) < LEAST_ROWS:
        return None
    slots, labels = _pieces(rows, weights, min(2 * chain.knobs.max_k, len(rows) // ROWS_A_PIECE), chain)
    level, e = _level(chain, rows, slots, labels)
    if abs(e - chain.e) > NEAR * chain.e:
        chain.e = e
        chain.rescore()
    mass = level.mass * (chain.yardstick.total / len(rows))
    return Move(_beside(chain.slots, chain.jittered(level.means, mass)))


def _beside(slots: Slots, centres: Doubles) -> Proposal:
    """Propose these centres (k, d), each in the slot of the one it is nearest to if that is mutual.

    Where they agree with the present ones, the pass has next to nothing to do, and slots stay.
    """
    used = slots.used
    gaps = np.square(centres[:, None, :] - slots.means()[None, used, :]).sum(axis=2)
    nearest, back = gaps.argmin(axis=1), gaps.argmin(axis=0)
    table, kept, added = np.zeros_like(slots.references), *np.zeros((2, len(slots.mass)), np.bool_)
    mutual = back[nearest] == np.arange(len(centres))
    kept[used[nearest[mutual]]] = True
    table[used[nearest[mutual]]] = centres[mutual]
    free = np.flatnonzero(~kept)[: int((~mutual).sum())]
    added[free], table[free] = True, centres[~mutual]
    return Proposal(table, kept, added)


def draw_sample(chain: Chain) -> tuple[Doubles, Doubles]:
    """Return some rows of the frame, all if they are few, and their weights, which sum to their number."""
    count = len(chain.rows)
    if count <= SAMPLE:
        rows, weights = chain.rows, chain.weights
    else:
        steps = np.arange(SAMPLE) + chain.random.random_sample(SAMPLE)
        places = (steps * (count / SAMPLE)).astype(np.int64)
        rows, weights = chain.rows[places], chain.weights[places]
    return rows, weights * (len(rows) / weights.sum())


def _pieces(rows: Doubles, weights: Doubles, count: int, chain: Chain) -> tuple[Slots, NDArray[np.int64]]:
    """Cut rows into about `count` pieces; return them, and the piece of each row."""
    packed = pack(rows, np.zeros(rows.shape[1]))
    seeds = Seeding(packed, weights).plus_plus(count, chain.random, tries=1)
    outcome = lloyd(Data.of(packed, weights), rows[seeds].copy(), max_iter=STEPS, tol=0.0)
    bounds = RowBounds.of(len(rows))
    proposal = Proposal.anew(outcome.centres, count)
    slots, _ = assign(rows, weights, bounds, Slots.empty(count, rows.shape[1]), proposal)
    ranks = np.cumsum(slots.mass > 0) - 1
    return slots, ranks[bounds.labels]


def _level(chain: Chain, rows: Doubles, slots: Slots, labels: NDArray[np.int64]) -> tuple[Level, float]:
    """Merge the pieces at the effective dimension that the resulting groups themselves have."""
    used, knobs = slots.used, chain.knobs
    mass, means, loss = slots.mass[used], slots.means()[used], slots.losses()[used]
    measures, e = chain.yardstick.of_sample(float(len(rows))), float(rows.shape[1])
    pooled_of = loss
    for _ in range(1 if knobs.shape == "round" else ROUNDS):
        terms = measures.terms(knobs.amp, knobs.b, e)
        level = best_level(mass, means, loss, start_pooled(pooled_of, terms), terms, knobs.max_k)
        if knobs.shape == "round":
            break
        before, e = e, effective_dimension(rows, level.groups[labels], level.count)
        if abs(e - before) <= SAME * before:
            break
        pooled_of = level.loss
    return level, e
