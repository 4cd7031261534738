"""Search as distclus does, for those who want its results.

One step: draw k' from k - 1, k, k + 1; take the last accepted centres of that number, or the present ones
less a random one, or with a row far from them; add Student noise; do one step of Lloyd's algorithm;
accept with probability exp(rGibbs + rInit + rProp), where t is the number of rows in the frame,

    lambda = amp sqrt((d + 3)/t), rGibbs = lambda (L - L'), rInit = d (k - k') ln 2b, rProp = (k - k') g(t).

Kept, though they are defects; `method="search"` has none of them:

- The loss L of the present centres is never measured again when the frame changes, nor are stored centres,
  so the search stops adapting to rows that keep arriving, and a bad set of k centres bars the way back to k.
- lambda has the unit of the rows in it: rows times 10 are as `amp` times 100.
- The noise's density g is taken at its middle only, at another width than it is drawn with, and the
  chances of k' (clipped at its ends) are missing from the ratio: it samples no posterior.
- A centre that has lost its rows stays.

Mended: the gamma function overflowed from 340 columns on, which stopped the search for good; a start from
fewer rows than centres takes what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.engine import Arrays, Figures, Knobs
from shoal.clustering.mcmc.plain_engine import PlainEngine, cells_of, tables_of
from shoal.clustering.mcmc.student import original_log_density, student_noise
from shoal.clustering.online.seeding import starting_centres

LARGEST = 700.0


def price_of_noise(columns: int, nu: float, rows: float) -> float:
    """Return g(t), the log-density of the noise at its own middle."""
    return float(original_log_density(np.zeros(1), columns, nu, rows)[0])


class Calibration(NamedTuple):
    """Hold between which values of `amp` the number of clusters comes out right, and why."""

    noise: float
    price: float
    unit_lambda: float
    least: float
    most: float


def calibrate(
    columns: int, rows: int, clusters: int, sigma: float, distance: float, b: float = 1.0, nu: float = 3.0
) -> Calibration:
    """Return the window of `amp` for balanced round clusters of a deviation and a distance."""
    noise = price_of_noise(columns, nu, rows)
    price = noise + columns * log(2 * b)
    unit = sqrt((columns + 3) / rows)
    size = rows / clusters
    return Calibration(
        noise, price, unit, price / (unit * size * distance**2 / 2), price / (unit * size * sigma**2 * 2 / pi)
    )


class Original(PlainEngine):
    """Search as distclus does (see this module)."""

    def __init__(self, knobs: Knobs, random: RandomState) -> None:
        super().__init__(knobs, random)
        self._loss = 0.0
        self._price = 0.0
        self._store: dict[int, Doubles] = {}

    def sync(self, rows: Doubles, weights: Doubles, fresh: float) -> None:
        """Look at a frame (n, d) from now on; what was measured on another one stays."""
        self._look_at(rows, weights)
        if self._start is None and len(self._centres):
            return
        if self._start is None:
            self._start = starting_centres(rows, self.knobs.init_k, self.random, weights=weights, power=1)
        self._take(self._start)
        self._loss = float(self._present().losses.sum())
        self._price, self._start, self._store = len(self._centres) * self._noise(), None, {}

    def _noise(self) -> float:
        return price_of_noise(self._rows.shape[1], self.knobs.nu, self._size)

    def temperature(self) -> float:
        """Return lambda."""
        return self.knobs.amp * sqrt((self._rows.shape[1] + 3) / self._size)

    def iterate(self) -> None:
        """Draw centres and decide on them."""
        figures, knobs, (count, columns) = self.figures, self.knobs, self._rows.shape
        figures.iterations += 1
        figures.quiet += 1
        k = len(self._centres)
        wanted = min(max(k + self._drawn_step(), 1), min(knobs.max_k, count))
        proposed = self._base(wanted)
        proposed = proposed + student_noise(self.random, proposed.shape, knobs.nu, 1 / sqrt(20 * self._size))
        proposed = cells_of(self._rows, self._weights, proposed).means
        loss = float(cells_of(self._rows, self._weights, proposed).losses.sum())
        price = len(proposed) * self._noise()
        figures.gibbs = self.temperature() * (self._loss - loss)
        exponent = figures.gibbs + columns * (k - len(proposed)) * log(2 * knobs.b) + self._price - price
        figures.rho = exp(min(exponent, LARGEST))
        if self.random.random_sample() < figures.rho:
            figures.acceptations += 1
            self._take(proposed)
            self._loss, self._price, self._store[len(proposed)] = loss, price, proposed

    def _base(self, wanted: int) -> Doubles:
        """Return centres to start a proposal from: as many as wanted, unless all rows lie on centres."""
        if wanted in self._store:
            return self._store[wanted]
        centres = self._centres
        if wanted < len(centres):
            return np.delete(centres, self.random.randint(len(centres)), axis=0)
        if wanted > len(centres):
            gaps = np.linalg.norm(self._rows - centres[self._present().labels], axis=1) * self._weights
            if gaps.any():
                return np.vstack([centres, self._rows[self.random.choice(len(gaps), p=gaps / gaps.sum())]])
        return centres

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return all that going on depends on, but the rows and the generator."""
        arrays: Arrays = {"centres": self._centres, "weights": self._weights}
        arrays |= {f"store{k}": centres for k, centres in self._store.items()}
        figures = vars(self.figures).copy()
        return {"loss": self._loss, "price": self._price, "figures": figures}, arrays

    def resume(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], rows: Doubles) -> None:
        """Take a state back; `rows` are those of the last `sync`, or none if the frame has changed since."""
        self._take_back(arrays, rows)
        self._loss, self._price = float(facts["loss"]), float(facts["price"])
        self._store = tables_of(arrays, "store")
        self.figures = Figures(**facts["figures"])
