"""What moves gain, and covariances of wide rows: held against numpy and against the objective itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from shoal.clustering.gaussians.covariance_kernels import invert_lifted
from shoal.clustering.gaussians.likelihood_kernels import maximise
from shoal.clustering.gaussians.move_kernels import gains
from shoal.clustering.kernels.tile import TILE_CENTRES
from shoal.clustering.modes import DIAGONAL, FULL, SPHERICAL, TIED

Doubles = NDArray[np.float64]
Summed = tuple[NDArray[np.int64], Doubles, Doubles]
FLOOR = np.full(2, 1e-6)
ROWS = np.random.default_rng(7).normal(size=(60, 2))
SQUARES = {
    FULL: np.stack([ROWS[:, 0] ** 2, ROWS.prod(1), ROWS[:, 1] ** 2], 1),
    DIAGONAL: ROWS**2,
    SPHERICAL: (ROWS**2).sum(1, keepdims=True),
    TIED: ROWS[:, :0],
}


def summed(kind: int, labels: NDArray[np.int64], clusters: int) -> Summed:
    features = np.hstack([ROWS, SQUARES[kind]])
    members = np.bincount(labels, minlength=clusters)
    return members, members.astype(float), np.stack([features[labels == j].sum(0) for j in range(clusters)])


def objective(kind: int, shape: int, labels: NDArray[np.int64], clusters: int) -> float:
    members, counts, sums = summed(kind, labels, clusters)
    groups = -(-clusters // TILE_CENTRES)
    scores = np.empty(groups * TILE_CENTRES), np.empty((groups, sums.shape[1], TILE_CENTRES))
    moment = ROWS.T @ ROWS
    return maximise(kind, shape, moment, FLOOR, members, counts, sums, *scores, np.zeros((6, 2, 2)))[0]


@pytest.mark.parametrize(("columns", "rows"), [(70, 20), (70, 300), (90, 89)])
def test_wide_covariances_are_raised_to_the_floor_as_their_eigenvalues_say(columns: int, rows: int) -> None:
    random = np.random.default_rng(rows)
    covariance = np.cov(random.normal(size=(rows, columns)) * random.uniform(0.2, 3, columns), rowvar=False)
    floor = random.uniform(0.5, 2, columns)
    units = np.sqrt(np.outer(floor, floor))
    values, vectors = np.linalg.eigh(covariance / units)
    expected = (vectors * np.maximum(values, 1)) @ vectors.T * units
    raised, inverse, work = covariance.copy(), np.empty_like(covariance), np.empty((3, columns, columns))
    count, log_determinant = invert_lifted(raised, floor, inverse, work)
    assert count == (values <= 1).sum() > 0
    assert np.allclose(raised, expected, rtol=1e-11, atol=1e-12)
    assert np.allclose(inverse @ expected, np.eye(columns), atol=1e-9)
    assert log_determinant == pytest.approx(np.linalg.slogdet(expected)[1], rel=1e-10)


@pytest.mark.parametrize(
    ("kind", "shape"), [(FULL, FULL), (DIAGONAL, DIAGONAL), (SPHERICAL, SPHERICAL), (TIED, FULL)]
)
def test_a_move_gains_what_the_objective_says_before_and_after_it(kind: int, shape: int) -> None:
    k, half = 3, np.arange(60) // 10
    splits, merges = np.empty(k), np.zeros((k, k))
    halves = summed(kind, half, 2 * k)
    gains(kind, shape, ROWS.T @ ROWS, FLOOR, *halves, np.zeros((6, 2, 2)), splits, merges)
    whole = half // 2
    now = objective(kind, shape, whole, k)
    for j in range(k):
        apart = np.where(half == 2 * j + 1, k, whole)
        assert splits[j] == pytest.approx(objective(kind, shape, apart, k + 1) - now, abs=1e-9)
    for a, b in ((1, 0), (2, 0), (2, 1)):
        merged = np.where(whole == b, a, whole)
        assert merges[a, b] == pytest.approx(now - objective(kind, shape, merged, k), abs=1e-9)
        assert merges[a, b] == merges[b, a]
