"""Hold where the search stands: the frame as it is seen, the cells, the score, and what was tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.random import RandomState

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.mcmc.cells import Flags, Proposal, RowBounds, Slots
from shoal.clustering.mcmc.engine import Knobs
from shoal.clustering.mcmc.measures import Lens
from shoal.clustering.mcmc.score import Terms, Yardstick, pooled_variance
from shoal.clustering.mcmc.trials import SAMPLE, Trial, try_split


@dataclass
class Chain:
    """Hold the state of a search over one frame; moves read it and propose, the search decides.

    `rows` (n, d) and `weights` (n,) are as the lens shows them; `e` is the effective dimension.
    """

    knobs: Knobs
    random: RandomState
    lens: Lens
    yardstick: Yardstick
    rows: Doubles
    weights: Doubles
    slots: Slots
    bounds: RowBounds
    e: float
    score: float = -np.inf
    trials: dict[int, Trial] = field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """Return the terms of the score at the present effective dimension."""
        return self.yardstick.terms(self.knobs.amp, self.knobs.b, self.e)

    @property
    def room(self) -> int:
        """Return how many slots there are."""
        return len(self.slots.mass)

    def pooled(self) -> float:
        """Return the pooled variance of a cell in one effective direction."""
        return float(pooled_variance(float(self.slots.losses().sum()), self.terms))

    def rescore(self) -> None:
        """Score the present cells on the present frame, and forget trials scored otherwise."""
        self.score = float(self.slots.score(self.terms))
        self.trials.clear()

    def jittered(self, means: Doubles, mass: Doubles) -> Doubles:
        """Return means (k, d) of cells with Student noise, less of it the more rows (k,) a mean is of."""
        nu = self.knobs.nu
        noise = self.random.standard_normal(means.shape)
        width = np.sqrt(nu / self.random.chisquare(nu, len(mass)) / (20 * np.maximum(mass, 1.0)))
        return np.asarray(means + noise * (sqrt(self.pooled()) * width)[:, None])

    def proposal(self, kept: Flags, added: dict[int, tuple[Doubles, float]]) -> Proposal:
        """Return a proposal to keep some slots and to add centres with their masses, all jittered."""
        centres, mass = self.slots.means(), self.slots.mass.copy()
        fresh = np.zeros(self.room, np.bool_)
        for slot, (mean, rows) in added.items():
            centres[slot], mass[slot], fresh[slot] = mean, rows, True
        living = np.flatnonzero(kept | fresh)
        centres[living] = self.jittered(centres[living], mass[living])
        return Proposal(centres, kept, fresh)

    def trial(self, slot: int) -> Trial:
        """Return the cached trial to split a slot's cell, made anew if there is none."""
        if slot not in self.trials:
            members = np.flatnonzero(self.bounds.labels == slot)
            if len(members) > SAMPLE:
                steps = np.arange(SAMPLE) + self.random.random_sample(SAMPLE)
                members = members[(steps * (len(members) / SAMPLE)).astype(np.int64)]
            self.trials[slot] = try_split(
                self.rows[members], self.weights[members], float(self.slots.mass[slot]),
                self.slots.means()[slot], self.pooled(), self.terms, self.random,
            )  # fmt: skip
        return self.trials[slot]

    def forget_moved(self) -> None:
        """Forget the trials of cells that are no longer those that were tried."""
        means, losses = self.slots.means(), self.slots.losses()
        for slot, trial in list(self.trials.items()):
            mass = self.slots.mass[slot]
            alike = abs(mass - trial.of_mass) <= 0.01 * trial.of_mass
            shift = np.square(means[slot] - trial.of_mean).sum()
            if not alike or shift > 0.01 * losses[slot] / max(mass, 1e-300):
                del self.trials[slot]
