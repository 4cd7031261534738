"""Make clusters of micro-clusters: as many as the score of `mcmc.score` finds best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.canonical import canonical_order
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.agglomeration import Level, best_level, start_pooled
from shoal.clustering.mcmc.dimension import CAUTION
from shoal.clustering.mcmc.score import Yardstick
from shoal.clustering.streaming.micros import Cells

ROUNDS, SAME = 5, 0.1
MOST_ROWS = 2048


@dataclass(frozen=True)
class Wanted:
    """Say how groups are made: at most `most`; `amp` above 1 asks for detail, `b` below 1 rewards groups.

    A group of less mass than `confirmed` is held apart as noise.
    """

    most: int
    amp: float
    b: float
    confirmed: float


@dataclass(frozen=True)
class Groups:
    """Clusters of micro-clusters: the cluster of each (m,), -1 if held apart; centres (k, d), masses (k,).

    `inertia` is the sum of squared distances of all mass to the centres, as far as is known.
    """

    labels: NDArray[np.int32]
    centres: Doubles
    mass: Doubles
    inertia: float


def grouped(cells: Cells, rows: Doubles, weights: Doubles, wanted: Wanted) -> Groups:
    """Return the clusters that micro-clusters form, by descending mass.

    `rows` (n, d) of `weights` (n,), or none, are some recent ones: they tell how finely values are rounded.
    """
    if not len(cells.mass):
        return Groups(np.empty(0, np.int32), cells.means, cells.mass, 0.0)
    total = float(cells.mass.sum())
    middle = cells.mass @ cells.means / total
    spread = float(cells.mass @ np.square(cells.means - middle).sum(axis=1) + cells.inner.sum())
    spread = spread / total / cells.means.shape[1] or 1.0
    unit = float(np.exp2(np.round(np.log2(spread) / 2)))  # A power of two: dividing by it rounds nothing.
    seen = Cells(cells.mass, (cells.means - middle) / unit, cells.inner / unit**2)
    grain = _grain((rows - middle) / unit, weights)
    level = _level(seen, Yardstick(total, len(middle), spread / unit**2, grain), wanted)
    return _confirmed(level, level.means * unit + middle, unit, wanted)


def _grain(rows: Doubles, weights: Doubles) -> float:
    """Return the variance that rounding has added, over all columns (Sheppard)."""
    kept = rows[weights > 0] if weights.size else rows
    total = float(weights.sum()) if weights.size else float(len(rows))
    added = 0.0
    for column in kept[:MOST_ROWS].T:
        values = np.unique(column)
        if 1 < len(values) < min(total, MOST_ROWS) / 2:
            added += float(np.diff(values).min()) ** 2 / 12
    return added


def _level(cells: Cells, yardstick: Yardstick, wanted: Wanted) -> Level:
    """Merge at the effective dimension that the resulting groups themselves have."""
    e, pooled_of = float(cells.means.shape[1]), cells.inner
    for _ in range(ROUNDS):
        terms = yardstick.terms(wanted.amp, wanted.b, e)
        pooled = start_pooled(pooled_of, terms)
        level = best_level(cells.mass, cells.means, cells.inner, pooled, terms, wanted.most)
        before, e = e, _effective_dimension(cells, level)
        if abs(e - before) <= SAME * before:
            break
        pooled_of = level.loss
    return level


def _effective_dimension(cells: Cells, level: Level) -> float:
    """Return (tr V)^2 / tr V^2 of the groups on average: V is what lies between a group's micro-clusters.

    What lies within them is taken to be round.
    """
    columns = cells.means.shape[1]
    total = weight = 0.0
    for group in range(level.count):
        members = np.flatnonzero(level.groups == group)
        mass = float(level.mass[group])
        if mass <= 4 or level.loss[group] <= 0:
            continue
        apart = np.sqrt(cells.mass[members] / mass)[:, None] * (cells.means[members] - level.means[group])
        within = float(cells.inner[members].sum()) / mass
        gram = apart @ apart.T
        between = float(np.trace(gram))
        square = float((gram**2).sum()) + 2 * within / columns * between + within**2 / columns
        total += (mass - 4) * square / (between + within) ** 2
        weight += mass - 4
    if total <= 0:
        return float(columns)
    return min(CAUTION * max(1.0, weight / total), float(columns))


def _confirmed(level: Level, centres: Doubles, unit: float, wanted: Wanted) -> Groups:
    """Hold groups of too little mass apart, unless there are no others."""
    order = canonical_order(level.mass, centres)
    kept = order[level.mass[order] >= wanted.confirmed]
    kept = kept if kept.size else order
    ranks = np.full(level.count, -1, np.int32)
    ranks[kept] = np.arange(kept.size)
    inertia = float(level.loss[kept].sum()) * unit**2
    return Groups(ranks[level.groups], centres[kept], level.mass[kept], inertia)
