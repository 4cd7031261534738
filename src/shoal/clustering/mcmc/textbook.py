"""Sample sets of centres from a quasi-posterior by the textbook: an exact Metropolis-Hastings ratio.

The quasi-posterior of k centres is exp(-lambda sum_i min_j |x_i - c_j|^2) times a prior: a factor 1/e for
each centre, and centres uniform in a ball about the middle of the frame (Li, Guedj and Loustau, Electronic
Journal of Statistics 12, 2018, without their quadratic term). A proposal draws k' from k - 1, k, k + 1 and
each centre from a Student distribution about a k'-means fit m' of the frame, whatever the present ones are:

    ln a = -lambda (S' - S) + (k' - k) ln prior + ln f(c|m) - ln f(c'|m') + ln q(k'->k) - ln q(k->k')

lambda = amp sqrt((d + 3)/t) / S^2 with the spread S^2 of the frame, and the noise is S / sqrt(20 t) wide: so
the unit of the rows does not matter. A new frame is a new target: sampling starts anew from its fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, lgamma, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles, centring_offset, pack
from shoal.clustering.lloyd.iterating import lloyd
from shoal.clustering.lloyd.plusplus import Seeding
from shoal.clustering.lloyd.state import Data
from shoal.clustering.mcmc.engine import Arrays, Figures, Knobs
from shoal.clustering.mcmc.measures import measure
from shoal.clustering.mcmc.plain_engine import PlainEngine, cells_of, tables_of
from shoal.clustering.mcmc.student import student_log_density, student_noise

LARGEST, FIT_STEPS, REACH = 700.0, 20, 1.5


class Textbook(PlainEngine):
    """Sample sets of centres (see this module)."""

    def __init__(self, knobs: Knobs, random: RandomState) -> None:
        super().__init__(knobs, random)
        self._middle: Doubles = np.empty(0)
        self._spread, self._radius, self._distinct = 1.0, 1.0, 1
        self._fits: dict[int, Doubles] = {}

    def sync(self, rows: Doubles, weights: Doubles, fresh: float) -> None:
        """Look at a frame (n, d) and start from a fit of it."""
        lens, yardstick = measure(rows, weights, "none", self.random)
        self._look_at(rows, weights)
        self._middle, self._spread = lens.offset, yardstick.spread * lens.power**2
        farthest = float(np.square(rows - lens.offset).sum(axis=1).max())
        self._radius = REACH * self.knobs.b * sqrt(farthest or 1.0)
        self._fits = {}
        self._take(self._drawn(self._start_from()))

    def _start_from(self) -> int:
        """Return how many centres to start from: as many as before, and not more than there are rows."""
        before = self._centres if self._start is None else self._start
        wanted, self._start = len(before) or self.knobs.init_k, None
        self._distinct = len(np.unique(self._rows[: 4 * self.knobs.max_k], axis=0))
        return min(wanted, self._most())

    def _most(self) -> int:
        return min(self.knobs.max_k, max(self._distinct, 1))

    def temperature(self) -> float:
        """Return lambda."""
        return float(self.knobs.amp * sqrt((self._rows.shape[1] + 3) / self._size) / self._spread)

    def _tau(self) -> float:
        return sqrt(self._spread / (20 * self._size))

    def _fit(self, k: int) -> Doubles:
        """Return the k-means fit (k, d) of the frame; each is made once a frame."""
        if k not in self._fits:
            packed = pack(self._rows, centring_offset(self._rows))
            seeds = Seeding(packed, self._weights).plus_plus(k, self.random)
            data = Data.of(packed, self._weights)
            self._fits[k] = lloyd(data, self._rows[seeds].copy(), max_iter=FIT_STEPS, tol=0.0).centres
        return self._fits[k]

    def _drawn(self, k: int) -> Doubles:
        fit = self._fit(k)
        return fit + student_noise(self.random, fit.shape, self.knobs.nu, self._tau())

    def log_prior(self) -> float:
        """Return what another centre adds to the log of the prior."""
        columns = self._rows.shape[1]
        volume = columns / 2 * log(pi) - lgamma(columns / 2 + 1) + columns * log(self._radius)
        return float(-1.0 - volume)

    def log_density(self, centres: Doubles) -> float:
        """Return the log-density at which centres (k, d) are proposed, given their number."""
        squares = np.square(centres - self._fit(len(centres))).sum(axis=1)
        width = self.knobs.nu * self._tau() ** 2
        return float(student_log_density(squares, centres.shape[1], self.knobs.nu, width).sum())

    def _allowed(self, k: int) -> tuple[bool, bool, bool]:
        return k > 1, True, k < self._most()

    def _log_chance(self, k: int, step: int) -> float:
        """Return the log of the chance to go from k by a step."""
        weights = np.array(self.knobs.prob_k) * self._allowed(k)
        return log(weights[1 + step] / weights.sum()) if weights[1 + step] > 0 else -np.inf

    def iterate(self) -> None:
        """Draw centres and decide on them."""
        figures, k = self.figures, len(self._centres)
        figures.iterations += 1
        figures.quiet += 1
        step = self._drawn_step(self._allowed(k))
        proposed = self._drawn(k + step)
        if np.square(proposed - self._middle).sum(axis=1).max() > self._radius**2:
            figures.rho = 0.0  # The prior is 0 there.
            return
        after = cells_of(self._rows, self._weights, proposed)
        figures.gibbs = self.temperature() * float(self._present().losses.sum() - after.losses.sum())
        exponent = figures.gibbs + step * self.log_prior()
        exponent += self.log_density(self._centres) - self.log_density(proposed)
        if step:
            exponent += self._log_chance(k + step, -step) - self._log_chance(k, step)
        figures.rho = exp(min(exponent, LARGEST))
        if self.random.random_sample() < figures.rho:
            figures.acceptations += 1
            self._take(proposed)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return all that going on depends on, but the rows and the generator."""
        arrays: Arrays = {"centres": self._centres, "weights": self._weights, "middle": self._middle}
        arrays |= {f"fit{k}": centres for k, centres in self._fits.items()}
        facts = {"spread": self._spread, "radius": self._radius, "distinct": self._distinct}
        return facts | {"figures": vars(self.figures).copy()}, arrays

    def resume(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], rows: Doubles) -> None:
        """Take a state back; `rows` are those of the last `sync`, or none if the frame has changed since."""
        self._take_back(arrays, rows)
        self._middle = arrays["middle"]
        self._spread, self._radius = float(facts["spread"]), float(facts["radius"])
        self._distinct = int(facts["distinct"])
        self._fits = tables_of(arrays, "fit")
        self.figures = Figures(**facts["figures"])
