"""Merge cells of which only the distances are known, and find the level that the score of `mcmc` finds best.

A cell has a mass and a loss, the sum of squared distances to its middle. Merging two adds their price to the
loss; prices of merged cells follow from those before (Lance and Williams 1967, for Ward's criterion).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.dimension import CAUTION
from shoal.clustering.mcmc.score import DRAWN, Terms, Yardstick, total_score
from shoal.clustering.spaces.relations import Relations
from shoal.clustering.spaces.space import Space
from shoal.clustering.streaming.grouping import ROUNDS, SAME, Wanted

LEAST_DIMENSION = 1.0


class Recent(NamedTuple):
    """Some elements of a stream (n), their weights (n,), and the cell (n,) nearest to each."""

    elements: Sequence[Doubles]
    weights: Doubles
    near: NDArray[np.int64]


def prices_of(mass: Doubles, gaps: Doubles) -> Doubles:
    """Return what merging each pair adds to the loss (k, k), from the distances (k, k) of their middles."""
    found: Doubles = mass[:, None] * mass / (mass[:, None] + mass) * gaps**2
    return found


def yardstick_of(total: float, spread: float, dimension: float) -> Yardstick:
    """Measure elements of some mass, by the usual square of their distances and an effective dimension."""
    return Yardstick(total, max(1, round(dimension)), spread / (2 * dimension), 0.0)


def dimension_of(squares: Doubles, labels: NDArray[np.int64]) -> float:
    """Return the dimension in which squared distances to the middle (n,) of each cell vary as they do.

    They are those of a Gaussian of e dimensions when their mean squared is e/2 times their variance.
    """
    total = weight = 0.0
    for label in np.unique(labels):
        members = squares[labels == label]
        if len(members) >= 5 and members.var() > 0:
            total += (len(members) - 4) * members.var(ddof=1) / (2 * members.mean() ** 2)
            weight += len(members) - 4
    return max(LEAST_DIMENSION, weight / total) if total > 0 else LEAST_DIMENSION


def _cell_scores(mass: Doubles, loss: Doubles, pooled: float, terms: Terms) -> Doubles:
    """Return what cells add to the score, as `mcmc.score.cell_score` does for one."""
    variance = np.maximum(terms.floor, (loss / terms.e + DRAWN * pooled) / (mass + DRAWN))
    found: Doubles = mass * (np.log(mass / terms.total) - terms.weight * np.log(variance / terms.spread))
    return found


def best_grouping(
    mass: Doubles, loss: Doubles, prices: Doubles, terms: Terms, most: int
) -> NDArray[np.int64]:
    """Return the group (k,) of each cell on the level of highest score with at most `most` groups."""
    mass, loss, prices = mass.copy(), loss.copy(), prices.copy()
    alive = np.ones(len(mass), bool)
    groups = np.arange(len(mass))
    best, found = -np.inf, groups
    while True:
        count = int(alive.sum())
        score = float(total_score(mass[alive], loss[alive], terms))
        if count <= most and score > best:
            best, found = score, groups.copy()
        if count == 1:
            return np.asarray(np.unique(found, return_inverse=True)[1])
        a, b = _best_pair(mass, loss, prices, alive, terms)
        _merge(mass, loss, prices, a, b)
        alive[b] = False
        groups[groups == b] = a


def _best_pair(
    mass: Doubles, loss: Doubles, prices: Doubles, alive: NDArray[np.bool_], terms: Terms
) -> tuple[int, int]:
    """Return the pair, lower number first, whose merging gains most (or loses least)."""
    places = np.flatnonzero(alive)
    mass, loss = mass[places], loss[places]
    pooled = max(terms.floor, float(loss.sum()) / terms.total / terms.e)
    apart = _cell_scores(mass, loss, pooled, terms)
    both_loss = loss[:, None] + loss + prices[np.ix_(places, places)]
    gains = _cell_scores(mass[:, None] + mass, both_loss, pooled, terms) - apart[:, None] - apart
    gains[np.tril_indices(len(places))] = -np.inf
    a, b = np.unravel_index(int(gains.argmax()), gains.shape)
    return int(places[a]), int(places[b])


def _merge(mass: Doubles, loss: Doubles, prices: Doubles, a: int, b: int) -> None:
    """Put cell b into a."""
    price = prices[a, b]
    shares = (mass[a] + mass) * prices[a] + (mass[b] + mass) * prices[b] - mass * price
    prices[a] = prices[:, a] = shares / (mass[a] + mass[b] + mass)
    loss[a] += loss[b] + price
    mass[a] += mass[b]


def grouped_cells(
    space: Space, cells: Sequence[Doubles], mass: Doubles, loss: Doubles, recent: Recent, wanted: Wanted
) -> NDArray[np.int64]:
    """Return the group (k,) of each cell, -1 if it is held apart; groups are numbered by descending mass.

    Middles that followed a stream keep something of what they began as. So cells with recent elements are
    compared by the distances of these; only the others by their middles.
    """
    known = Relations(np.square(space.distances(recent.elements, recent.elements)), recent.weights)
    count = len(cells)
    share = float(recent.weights.sum() / mass.sum())
    masses, losses, apart = known.cells(recent.near, count)
    told = masses > 0
    prices = prices_of(mass * share, space.distances(cells, cells))
    prices[np.ix_(told, told)] = np.maximum(known.prices(recent.near, count), 0.0)[np.ix_(told, told)]
    masses, losses = np.where(told, masses, mass * share), np.where(told, np.maximum(losses, 0), loss * share)
    spread = float(np.median(known.squares)) or float(known.squares.mean()) or 1.0
    e, groups = float(cells[0].size), np.zeros(count, np.int64)
    for _ in range(ROUNDS):
        terms = yardstick_of(float(masses.sum()), spread, e).terms(wanted.amp, wanted.b, e)
        groups = best_grouping(masses, losses, prices, terms, wanted.most)
        labels = groups[recent.near]
        apart = known.cells(labels, count)[2]
        before, e = e, CAUTION * dimension_of(apart[np.arange(len(labels)), labels], labels)
        if abs(e - before) <= SAME * before:
            break
    return _ranked(groups, mass, wanted.confirmed)


def _ranked(groups: NDArray[np.int64], mass: Doubles, confirmed: float) -> NDArray[np.int64]:
    """Number groups by descending mass; those of less mass than `confirmed` are -1, unless all are."""
    masses = np.bincount(groups, mass)
    order = np.argsort(-masses, kind="stable")
    kept = order[masses[order] >= confirmed]
    kept = kept if kept.size else order
    ranks = np.full(len(masses), -1)
    ranks[kept] = np.arange(kept.size)
    return ranks[groups]
