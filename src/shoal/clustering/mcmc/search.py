"""Run the chain: bring it to the present frame, draw moves, decide."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.lloyd.iterating import nearest_centres
from shoal.clustering.mcmc.cells import Proposal, RowBounds, Slots, assign
from shoal.clustering.mcmc.chain import Chain
from shoal.clustering.mcmc.chain_state import chain_of, state_of_chain
from shoal.clustering.mcmc.engine import Arrays, Figures, Knobs
from shoal.clustering.mcmc.global_move import draw_sample, global_move
from shoal.clustering.mcmc.joining import join_cells
from shoal.clustering.mcmc.measures import measure
from shoal.clustering.mcmc.moves import Move, draw_move
from shoal.clustering.online.seeding import starting_centres

REFRESH = 64  # iterations after which sums are made anew, which drops what rounding has left
GLOBAL_CHANCE, GLOBAL_CHANGE = 0.03, 0.25
LARGEST = 700.0  # the largest exponent to show


class Search:
    """Search the centres of a frame's rows by Metropolis moves (see `score` for what is maximised)."""

    def __init__(self, knobs: Knobs, random: RandomState) -> None:
        self.knobs = knobs
        self.random = random
        self.figures = Figures()
        self._chain: Chain | None = None
        self._start: Doubles | None = None
        self._joined: tuple[Slots, NDArray[np.int64]] | None = None
        self._changed = 1.0  # share of the frame that came since the last global move

    @property
    def chain(self) -> Chain:
        """Return the state of the search."""
        if self._chain is None:
            raise RuntimeError("There is no frame yet.")
        return self._chain

    def begin_from(self, centres: Doubles) -> None:
        """Take these centres (k, d), in the rows' own units, at the next `sync`."""
        self._start = centres

    def sync(self, rows: Doubles, weights: Doubles, fresh: float) -> None:
        """Look at a frame (n, d), of which the share `fresh` is new; start, or go on from the centres.

        The present state is scored on the present frame: nothing that was measured on another one stays.
        """
        if self._start is None and self._chain is not None:
            self._start = self.centres()[np.argsort(-self.masses(), kind="stable")]
        lens, yardstick = measure(rows, weights, self.knobs.scale, self.random)
        columns = rows.shape[1]
        e = float(columns) if self.knobs.shape == "round" or self._chain is None else self._chain.e
        chain = Chain(
            self.knobs, self.random, lens, yardstick, np.ascontiguousarray(lens.see(rows)), weights,
            Slots.empty(self.knobs.max_k, columns), RowBounds.of(len(rows)), e,
        )  # fmt: skip
        centres = self._first(chain) if self._start is None else (self._start - lens.offset) / lens.unit
        proposal = Proposal.anew(centres[: self.knobs.max_k], chain.room)
        chain.slots, _ = assign(chain.rows, weights, chain.bounds, chain.slots, proposal)
        chain.rescore()
        self._chain, self._start = chain, None
        self.figures.quiet = 0
        self._changed += fresh

    def _first(self, chain: Chain) -> Doubles:
        sample, weights = draw_sample(chain)
        return starting_centres(
            sample, min(self.knobs.init_k, self.knobs.max_k), self.random, weights=weights
        )

    def iterate(self) -> None:
        """Draw a move and decide on it."""
        self.figures.iterations += 1
        self.figures.quiet += 1
        if self.figures.iterations % REFRESH == 0:
            self._refresh()
        log_chance = log(max(self.random.random_sample(), 1e-300))
        if (move := self._move(log_chance)) is not None:
            self._decide(move, log_chance)

    def _move(self, log_chance: float) -> Move | None:
        if self._changed >= GLOBAL_CHANGE or self.random.random_sample() < GLOBAL_CHANCE:
            self._changed = 0.0
            return global_move(self.chain)
        return draw_move(self.chain, log_chance)

    def _refresh(self) -> None:
        """Give every row to its nearest centre anew, and sum anew."""
        chain = self.chain
        living = chain.slots.mass > 0
        proposal = Proposal(chain.slots.references, np.zeros_like(living), living)
        chain.slots, _ = assign(chain.rows, chain.weights, chain.bounds, chain.slots, proposal)
        chain.score = chain.slots.score(chain.terms)

    def _decide(self, move: Move, log_chance: float) -> None:
        chain, before, figures = self.chain, self.chain.slots, self.figures
        after, written = assign(chain.rows, chain.weights, chain.bounds, before, move.proposal)
        score = after.score(chain.terms)
        gain = score - chain.score + move.log_ratio
        figures.rho = exp(min(gain, LARGEST))
        figures.gibbs = after.distortion(chain.terms) - before.distortion(chain.terms)
        if log_chance < gain:
            figures.acceptations += 1
            if not np.array_equal(before.mass, after.mass):
                figures.quiet = 0
            chain.slots, chain.score = after, score
            for slot in np.flatnonzero(move.proposal.added):
                chain.trials.pop(int(slot), None)
            chain.forget_moved()
        else:
            chain.bounds.undo(written)
            if move.split is not None:
                chain.trials.pop(move.split, None)

    def centres(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""
        return self.chain.lens.show(self.chain.slots.means()[self.chain.slots.used])

    def masses(self) -> Doubles:
        """Return the mass (k,) of each centre's rows."""
        return np.asarray(self.chain.slots.mass[self.chain.slots.used])

    def losses(self) -> Doubles:
        """Return the sum (k,) of squared distances of each centre's rows to their mean.

        With scaled columns it is that of the scaled ones.
        """
        return np.asarray(self.chain.slots.losses()[self.chain.slots.used] * self.chain.lens.power**2)

    def labels(self) -> NDArray[np.int32]:
        """Return the number of each row's centre (n,)."""
        used = self.chain.slots.mass > 0
        if not used[self.chain.bounds.labels].all():  # Rows that weigh next to nothing may have no cell.
            return nearest_centres(self.chain.rows, self.chain.slots.means()[used])[0]
        numbers = np.cumsum(used, dtype=np.int32) - 1
        return np.asarray(numbers[self.chain.bounds.labels], np.int32)

    def groups(self) -> NDArray[np.int64]:
        """Return the cluster (k,) that each centre belongs to: more than one only if shapes are elongated."""
        chain, slots = self.chain, self.chain.slots
        if self.knobs.shape != "elongated" or not len(chain.rows):
            return np.arange(len(slots.used))
        if self._joined is None or self._joined[0] is not slots:
            means, mass, loss = (table[slots.used] for table in (slots.means(), slots.mass, slots.losses()))
            variances = (loss / chain.e + chain.pooled()) / (mass + 1)
            heights = np.log(mass) - chain.e / 2 * np.log(variances)
            self._joined = slots, join_cells(chain.rows, chain.weights, self.labels(), means, heights)
        return self._joined[1]

    def nearest(self, rows: Doubles) -> NDArray[np.int32]:
        """Return the number (n,) of the nearest centre of rows (n, d)."""
        seen = np.ascontiguousarray(self.chain.lens.see(rows))
        return nearest_centres(seen, self.chain.slots.means()[self.chain.slots.used])[0]

    def temperature(self) -> float:
        """Return lambda, the weight of a squared distance in the score, in 1/unit^2."""
        return float(self.knobs.amp**0.25) / (2 * self.chain.pooled() * self.chain.lens.power**2)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return all that going on depends on, but the rows and the generator."""
        facts, arrays = state_of_chain(self.chain)
        if self._start is not None:
            arrays["start"] = self._start
        return facts | {"changed": self._changed, "figures": vars(self.figures).copy()}, arrays

    def resume(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], rows: Doubles) -> None:
        """Take a state back; `rows` are those of the last `sync`, or none if the frame has changed since."""
        self._chain = chain_of(facts, arrays, self.knobs, self.random, rows)
        self._changed, self.figures = float(facts["changed"]), Figures(**facts["figures"])
        self._start = arrays.get("start")
