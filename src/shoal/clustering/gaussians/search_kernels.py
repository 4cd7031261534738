"""Restarts of classification EM, whole, without the interpreter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.gaussian_kernels import assign
from shoal.clustering.gaussians.likelihood_kernels import maximise
from shoal.clustering.kernels.jit import kernel
from shoal.clustering.lloyd.passes import pack_centres

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Counts = NDArray[np.int64]

FLAT = 1e-13


@kernel
def start(
    blocks: Doubles,
    weights: Doubles,
    kind: int,
    centres: Doubles,
    whole: Doubles,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    constants: Doubles,
    slopes: Doubles,
    features: Doubles,
) -> None:
    """Give each row to the nearest of the centres (k, d), or (0, d) to the cluster of its least score.

    `whole` (F,) is the sum of all rows' features.
    """
    labels[:] = 0
    members[:] = 0
    counts[:] = 0.0
    sums[:] = 0.0
    for weight in weights:
        members[0] += weight > 0.0
        counts[0] += weight
    for f in range(whole.shape[0]):
        sums[0, f] = whole[f]
    if centres.shape[0] > 0:
        pack_centres(centres, slopes, constants)
    assign(blocks, weights, kind, constants, slopes, labels, members, counts, sums, features)


@kernel
def climb(
    blocks: Doubles,
    weights: Doubles,
    kind: int,
    shape: int,
    moment: Doubles,
    floor: Doubles,
    labels: Labels,
    members: Counts,
    counts: Doubles,
    sums: Doubles,
    constants: Doubles,
    slopes: Doubles,
    features: Doubles,
    work: Doubles,
    tol: float,
    history: Doubles,
) -> tuple[int, int, bool, int]:
    """Alternate maximisation and assignment; return where the history ends, passes, rest, directions raised.

    `history` receives the objective before each pass and bounds their number. Rest is: no row changes, or
    the objective gains no more than `tol` a unit of weight.
    """
    least = tol * counts.sum()
    for step in range(history.shape[0]):
        objective, raised = maximise(
            kind, shape, moment, floor, members, counts, sums, constants, slopes, work
        )
        history[step] = objective
        if step > 0 and objective - history[step - 1] <= max(least, FLAT * abs(objective)):
            return step, step, True, raised
        if step == history.shape[0] - 1:
            return step, step, False, raised
        if assign(blocks, weights, kind, constants, slopes, labels, members, counts, sums, features) == 0:
            return step, step + 1, True, raised
    return 0, 0, False, 0
