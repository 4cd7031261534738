"""Measure a frame: where its middle is, how wide its columns are, and how finely its values are rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.score import Yardstick
from shoal.clustering.online.scaling import spread_of

SAMPLE = 2048


@dataclass(frozen=True)
class Lens:
    """Say how rows are seen: less an offset (d,), divided by a unit (d,).

    All columns share a power of two, so that the spread is about 1 and dividing by it rounds nothing;
    scaling of columns comes on top.
    """

    offset: Doubles
    unit: Doubles
    power: float

    def see(self, rows: Doubles) -> Doubles:
        """Return rows (n, d) as the search sees them."""
        seen: Doubles = np.subtract(rows, self.offset, dtype=np.float64)
        seen /= self.unit
        return seen

    def show(self, centres: Doubles) -> Doubles:
        """Return centres (k, d) in the rows' own units."""
        return np.asarray(centres * self.unit + self.offset)


def _spread(sample: Doubles, others: Doubles) -> float:
    """Return S^2, the median of |x - y|^2 / 2d over random pairs, the mean if that is 0, or 1."""
    gaps = np.square(sample - others).sum(axis=1) / (2 * sample.shape[1])
    return float(np.median(gaps)) or float(gaps.mean()) or 1.0


def _grain(sample: Doubles) -> float:
    """Return r^2, the variance that rounding adds (Sheppard): else rounded rows fall into values."""
    total = 0.0
    for column in sample.T:
        values = np.unique(column)
        if 1 < len(values) < len(column) / 2:
            total += float(np.diff(values).min()) ** 2 / 12
    return total


def measure(rows: Doubles, weights: Doubles, scale: str, random: RandomState) -> tuple[Lens, Yardstick]:
    """Return how to see rows (n, d) of some weights (n,), and the yardstick of what is seen."""
    count = min(len(rows), SAMPLE)
    sample, others = (rows[random.randint(len(rows), size=count)].astype(np.float64) for _ in range(2))
    if len(rows) <= SAMPLE:
        sample = rows.astype(np.float64)
    offset, unit = np.median(sample, axis=0), np.ones(rows.shape[1])
    if scale != "none":
        unit = spread_of(scale, rows, weights)
    reach = float(np.exp2(np.round(np.log2(np.abs((sample - offset) / unit).max() or 1.0))))
    spread = _spread(sample / (unit * reach), others / (unit * reach))
    power = reach * float(np.exp2(np.round(np.log2(spread) / 2)))
    seen = (sample - offset) / (unit * power)
    yardstick = Yardstick(float(weights.sum()), rows.shape[1], spread / (power / reach) ** 2, _grain(seen))
    return Lens(offset, unit * power, power), yardstick
