"""Say what a way of searching must be able to do, whichever of the three it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from shoal.clustering.kernels.packing import Doubles

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Knobs:
    """Hold the settings of a search (see `MCMCClusterer`)."""

    init_k: int = 8
    max_k: int = 64
    amp: float = 1.0
    b: float = 1.0
    prob_k: tuple[float, float, float] = (1.0, 1.0, 1.0)
    nu: float = 3.0
    shape: str = "auto"
    scale: str = "none"


@dataclass
class Figures:
    """Count what a search did, and keep the numbers of its last decision.

    `rho` is the ratio that was compared with chance, `gibbs` the log of the loss's part; for `quiet`
    iterations no row has changed its cell.
    """

    iterations: int = 0
    acceptations: int = 0
    rho: float = 0.0
    gibbs: float = 0.0
    quiet: int = 0


class Engine(Protocol):
    """Search the centres of a frame, one iteration at a time."""

    knobs: Knobs
    random: RandomState
    figures: Figures

    def sync(self, rows: Doubles, weights: Doubles, fresh: float) -> None:
        """Look at a frame (n, d), of which the share `fresh` is new; start, or go on from the centres."""

    def begin_from(self, centres: Doubles) -> None:
        """Take these centres (k, d), in the rows' own units, at the next `sync`."""

    def iterate(self) -> None:
        """Draw a move and decide on it."""

    def centres(self) -> Doubles:
        """Return the centres (k, d) in the rows' own units."""

    def masses(self) -> Doubles:
        """Return the mass (k,) of each centre's rows."""

    def losses(self) -> Doubles:
        """Return the sum (k,) of squared distances of each centre's rows to their mean."""

    def labels(self) -> NDArray[np.int32]:
        """Return the number of each row's centre (n,)."""

    def nearest(self, rows: Doubles) -> NDArray[np.int32]:
        """Return the number (n,) of the nearest centre of rows (n, d)."""

    def groups(self) -> NDArray[np.int64]:
        """Return the cluster (k,) that each centre belongs to, numbered from 0."""

    def temperature(self) -> float:
        """Return lambda, the weight of a squared distance in the score, in 1/unit^2."""

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return all that going on depends on, but the rows and the generator."""

    def resume(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], rows: Doubles) -> None:
        """Take a state back; `rows` are those of the last `sync`, or none if the frame has changed since."""
