"""Propose a neighbour of the present centres: the same moved, two merged, one split, or both at once.

Which pair and which cell is informed by what the score would gain, and a proposal that cannot be accepted is
dropped before it touches a row: this is a Metropolis search, not a sampler with an exact ratio.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.agglomeration import best_level
from shoal.clustering.mcmc.cells import Proposal
from shoal.clustering.mcmc.chain import Chain
from shoal.clustering.mcmc.score import merge_gains

# Refinement may add so much to a gain estimated from statistics; beyond it a chance is below e^-12.
MARGIN = 12.0
GREEDY, BIRTH, FORGET = 0.9, 0.25, 0.2


class Move(NamedTuple):
    """Hold a proposal, the log of how its way back is drawn to how it was drawn, and the cell it splits."""

    proposal: Proposal
    log_ratio: float = 0.0
    split: int | None = None


def draw_move(chain: Chain, log_chance: float) -> Move | None:
    """Draw whether to merge, stay or split, and return a proposal; None when screening rejects it."""
    weights = np.cumsum(chain.knobs.prob_k)
    step = int(np.searchsorted(weights, chain.random.random_sample() * weights[-1], side="right")) - 1
    used = chain.slots.used
    if step < 0 and len(used) > 1:
        return _merge(chain, used, log_chance)
    if step > 0 and len(used) < chain.knobs.max_k:
        return _split(chain, used, log_chance)
    if step > 0 and len(used) > 2:
        return _swap(chain, used, log_chance)
    return Move(chain.proposal(chain.slots.mass > 0, {}))


def _log_ratio(chain: Chain, step: int) -> float:
    forth, back = chain.knobs.prob_k[1 + step], chain.knobs.prob_k[1 - step]
    return log(back / forth) if forth > 0 and back > 0 else 0.0


class _Pairs(NamedTuple):
    """Hold the used cells' statistics, and the gain of merging each pair."""

    mass: Doubles
    means: Doubles
    loss: Doubles
    gains: Doubles


def _pairs(chain: Chain, used: NDArray[np.int64]) -> _Pairs:
    mass, means, loss = chain.slots.mass[used], chain.slots.means()[used], chain.slots.losses()[used]
    return _Pairs(mass, means, loss, merge_gains(mass, means, loss, chain.terms))


def _drawn(chain: Chain, weights: Doubles) -> int:
    """Return a place drawn proportionally to weights that are not all 0."""
    sums = np.cumsum(weights)
    place = np.searchsorted(sums, chain.random.random_sample() * sums[-1], side="right")
    return int(min(place, len(weights) - 1))


def _merge(chain: Chain, used: NDArray[np.int64], log_chance: float) -> Move | None:
    pairs = _pairs(chain, used)
    above = np.maximum(np.where(np.isfinite(pairs.gains), pairs.gains, 0.0), 0.0).ravel()
    if above.any() and chain.random.random_sample() < GREEDY:
        chosen = _drawn(chain, above)
    else:
        if not above.any() and len(used) > 2 and (move := _compound(chain, used, pairs)):
            return move
        width = max(1.0, 0.1 * float(pairs.gains.max()))
        chosen = int(np.argmax(pairs.gains + width * chain.random.gumbel(size=pairs.gains.shape)))
    a, b = divmod(chosen, len(used))
    if pairs.gains[a, b] + MARGIN < log_chance:
        return None
    kept, added = _one_of(chain, used, pairs, a, b)
    return Move(chain.proposal(kept, added), _log_ratio(chain, -1))


def _one_of(
    chain: Chain, used: NDArray[np.int64], pairs: _Pairs, a: int, b: int
) -> tuple[NDArray[np.bool_], dict[int, tuple[Doubles, float]]]:
    """Return which slots stay, and the centre that takes the place of a pair."""
    kept = chain.slots.mass > 0
    kept[used[[a, b]]] = False
    both = pairs.mass[a] + pairs.mass[b]
    mean = (pairs.mass[a] * pairs.means[a] + pairs.mass[b] * pairs.means[b]) / both
    return kept, {int(used[a]): (mean, float(both))}


def _compound(chain: Chain, used: NDArray[np.int64], pairs: _Pairs) -> Move | None:
    """Return several merges at once when they gain together though no single one does."""
    level = best_level(pairs.mass, pairs.means, pairs.loss, chain.pooled(), chain.terms, len(used))
    if level.count == len(used) or level.gain <= 0:
        return None
    sizes = np.bincount(level.groups)
    kept = chain.slots.mass > 0
    kept[used[sizes[level.groups] > 1]] = False
    added = {
        int(used[level.groups == group][0]): (level.means[group], float(level.mass[group]))
        for group in np.flatnonzero(sizes > 1)
    }
    return Move(chain.proposal(kept, added), _log_ratio(chain, -1))


def _free_slot(chain: Chain) -> int:
    return int(np.flatnonzero(chain.slots.mass <= 0)[0])


def _split(chain: Chain, used: NDArray[np.int64], log_chance: float) -> Move | None:
    gains = np.array([chain.trial(int(slot)).gain for slot in used])
    if (gains > 0).any() and chain.random.random_sample() < GREEDY:
        slot = int(used[_drawn(chain, np.maximum(gains, 0.0))])
    else:
        if chain.random.random_sample() < BIRTH:
            return _birth(chain)
        slot = int(used[_drawn(chain, chain.slots.mass[used])])
        chain.trials.pop(slot, None)
    trial = chain.trial(slot)
    if trial.gain + MARGIN < log_chance:
        _forget_at_times(chain, slot)
        return None
    return Move(_halved(chain, slot, _free_slot(chain), {}), _log_ratio(chain, 1), slot)


def _forget_at_times(chain: Chain, slot: int) -> None:
    """Forget a fruitless trial now and then, so that what it did not find gets another chance."""
    if chain.random.random_sample() < FORGET:
        chain.trials.pop(slot, None)


def _halved(chain: Chain, slot: int, other: int, added: dict[int, tuple[Doubles, float]]) -> Proposal:
    """Return a proposal to put the halves of a slot's trial in its place and in another slot."""
    trial = chain.trials[slot]
    kept = chain.slots.mass > 0
    kept[[slot, other, *added]] = False
    halves = {slot: (trial.means[0], float(trial.mass[0])), other: (trial.means[1], float(trial.mass[1]))}
    return chain.proposal(kept, added | halves)


def _birth(chain: Chain) -> Move:
    """Add a row far from its centre, drawn proportionally to its squared (bound of the) distance."""
    bounds = chain.bounds
    reach = bounds.upper + chain.slots.rise[bounds.labels]
    row = _drawn(chain, chain.weights * np.square(reach))
    share = float(chain.slots.mass.sum()) / (len(chain.slots.used) + 1)
    added = {_free_slot(chain): (chain.rows[row], share)}
    return Move(chain.proposal(chain.slots.mass > 0, added), _log_ratio(chain, 1))


def _swap(chain: Chain, used: NDArray[np.int64], log_chance: float) -> Move | None:
    """Split the cell that gains most, and make room by the merge that costs least."""
    gains = np.array([chain.trial(int(slot)).gain for slot in used])
    best = int(np.argmax(gains))
    slot = int(used[best])
    pairs = _pairs(chain, used)
    pairs.gains[best], pairs.gains[:, best] = -np.inf, -np.inf
    a, b = divmod(int(np.argmax(pairs.gains)), len(used))
    if gains[best] + pairs.gains[a, b] + MARGIN < log_chance:
        _forget_at_times(chain, slot)
        return None
    _, added = _one_of(chain, used, pairs, a, b)
    return Move(_halved(chain, slot, int(used[b]), added), 0.0, slot)
