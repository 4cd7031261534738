"""Meet every kernel of hard Gaussian clustering once, so that it is compiled or loaded."""

from __future__ import annotations

import numpy as np

from shoal.clustering.gaussians.fitting import fit_mode, prepare
from shoal.clustering.gaussians.prepared import LEAST_SAVING, SAMPLE_ROWS
from shoal.clustering.modes import MODES


def warm() -> None:
    """Fit something small along each way that a fit can take."""
    random = np.random.default_rng(0)
    # Repeated rows bring empty and degenerate clusters; many rows bring the sample.
    rows = np.repeat(random.random((40, 2)), [1, 3] * 20, axis=0)
    some, many = prepare(rows, scale=True), prepare(random.random((LEAST_SAVING * SAMPLE_ROWS, 2)))
    for mode in MODES:
        fit_mode(some, 6, *mode, score="legacy")
        fit_mode(many, 3, *mode, n_init=1, max_iter=3)
        fit_mode(some, 6, *mode, assignment="distance", n_init=2, max_iter=20)
