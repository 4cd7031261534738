"""Laws of hard Gaussian clustering that hold for any rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shoal.clustering.gaussians.components import Components, Members
from shoal.clustering.gaussians.covariance_kernels import lift
from shoal.clustering.gaussians.fitting import fit_mode, prepare
from shoal.clustering.modes import MODES, Mode
from shoal.clustering.scores import LN_TWO_PI

VALUES = st.integers(-40, 40).map(lambda value: value / 4)
TABLES = st.integers(4, 60).flatmap(
    lambda n: st.integers(1, 4).flatmap(lambda d: arrays(np.float64, (n, d), elements=VALUES))
)
QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(rows=TABLES, mode=st.sampled_from(MODES), seed=st.integers(0, 99))
def test_the_objective_never_falls_and_is_the_likelihood(rows: Any, mode: Mode, seed: int) -> None:
    prepared = prepare(rows)
    fit = fit_mode(prepared, min(3, prepared.distinct), *mode, n_init=2, seed=seed)
    assert (np.diff(fit.history) >= -1e-9 * np.abs(fit.history[1:])).all()
    assert fit.converged and fit.n_iter < 300
    constant = rows.size / 2 * LN_TWO_PI
    assert fit.log_likelihood == pytest.approx(fit.history[-1] - constant, rel=1e-7, abs=1e-6)


@QUICK
@given(rows=TABLES, mode=st.sampled_from(MODES))
def test_no_row_would_be_likelier_in_another_cluster(rows: Any, mode: Mode) -> None:
    prepared = prepare(rows)
    fit = fit_mode(prepared, min(3, prepared.distinct), *mode, n_init=1)
    joint = fit.parts.log_joint(rows)
    own = joint[np.arange(len(rows)), fit.labels]
    # A restart also rests where what a last few rows would gain is lost in rounding.
    assert (own >= joint.max(axis=1) - 1e-6 * (1 + np.abs(own))).mean() >= 0.9


@QUICK
@given(rows=TABLES, mode=st.sampled_from(MODES))
def test_the_likelihood_is_the_sum_over_rows(rows: Any, mode: Mode) -> None:
    prepared = prepare(rows)
    fit = fit_mode(prepared, min(2, prepared.distinct), *mode, n_init=1)
    own = fit.parts.log_joint(rows)[np.arange(len(rows)), fit.labels]
    assert fit.log_likelihood == pytest.approx(own.sum(), rel=1e-7, abs=1e-6)


@QUICK
@given(rows=TABLES, mode=st.sampled_from(MODES))
def test_no_allowed_covariance_is_likelier(rows: Any, mode: Mode) -> None:
    prepared = prepare(rows)
    fit = fit_mode(prepared, min(2, prepared.distinct), *mode, n_init=1)
    members = Members.of(prepared, fit.labels, fit.clusters)
    random = np.random.default_rng(0)
    for _ in range(5):
        stretch = 1 + 0.2 * random.random()
        wider = Components(
            fit.parts.weights,
            fit.parts.means,
            fit.parts.covariances * stretch,
            fit.parts.precisions / stretch,
            fit.parts.log_determinants + rows.shape[1] * np.log(stretch),
        )
        assert wider.log_likelihood(prepared, members) <= fit.log_likelihood + 1e-9


@QUICK
@given(matrix=arrays(np.float64, (3, 3), elements=VALUES), floor=arrays(np.float64, 3, elements=st.just(0.5)))
def test_lifting_raises_just_what_lies_below_the_floor(matrix: Any, floor: Any) -> None:
    given_matrix = matrix @ matrix.T
    lifted = given_matrix.copy()
    raised = lift(lifted, floor, np.empty((3, 3, 3)))
    before, after = np.linalg.eigvalsh(given_matrix), np.linalg.eigvalsh(lifted)
    assert after == pytest.approx(np.maximum(before, 0.5), abs=1e-9 * (1 + before.max()))
    assert raised == (before <= 0.5 - 1e-9).sum() or raised == (before <= 0.5 + 1e-9).sum()
