import numpy as np
import pytest
from scipy.stats import multivariate_normal

from shoal.base.errors import NotFound
from shoal.clustering.modes import MODES, Mode
from shoal.studies.results.agreement import adjusted_rand, cross_table
from shoal.studies.results.parameters import CHUNK, Parameters, find, packed, unpacked


def made(mode: Mode, by_likelihood: bool = True) -> Parameters:
    full = np.array([[[2.0, 0.5], [0.5, 1.0]], [[0.5, 0.1], [0.1, 3.0]], [[1.0, 0.0], [0.0, 1.0]]])
    shapes = {"full": full, "diag": np.diagonal(full, axis1=1, axis2=2), "spherical": full[:, 0, 0]}
    covariances = shapes[mode.covariance]
    return Parameters(
        mode,
        np.array([0.5, 0.3, 0.2]),
        np.array([[0.0, 0.0], [3.0, 1.0], [-2.0, 2.0]]),
        np.asarray(covariances[0] if mode.tied else covariances).copy(),
        np.array([10.0, -3.0]),
        np.array([2.0, 0.5]),
        by_likelihood,
    )


def dense(parameters: Parameters, cluster: int) -> np.ndarray:
    one = parameters.covariances if parameters.mode.tied else parameters.covariances[cluster]
    return one if parameters.mode.covariance == "full" else np.diag(np.broadcast_to(one, 2))


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_rows_go_to_the_likeliest_cluster(mode: Mode) -> None:
    parameters = made(mode)
    rows = np.random.default_rng(1).normal(size=(500, 2)) * [6, 2] + parameters.center
    labels, certainty = parameters.assign(rows)
    inside = (rows - parameters.center) / parameters.scale
    joint = np.column_stack(
        [
            np.log(weight) + multivariate_normal(mean, dense(parameters, cluster)).logpdf(inside)
            for cluster, (weight, mean) in enumerate(zip(parameters.weights, parameters.means, strict=True))
        ]
    )
    shares = np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True))
    assert (labels == joint.argmax(axis=1)).all()
    np.testing.assert_allclose(certainty, shares.max(axis=1), rtol=1e-6)


def test_the_older_way_goes_by_distance_alone() -> None:
    parameters = made(Mode("spherical", False), by_likelihood=False)
    rows = np.random.default_rng(2).normal(size=(300, 2)) * [6, 2] + parameters.center
    inside = (rows - parameters.center) / parameters.scale
    squares = ((inside[:, None] - parameters.means) ** 2).sum(axis=2) / parameters.covariances
    assert (parameters.assign(rows)[0] == squares.argmin(axis=1)).all()


def test_rows_are_assigned_alike_in_one_piece_and_in_many() -> None:
    parameters = made(Mode("full", False))
    rows = np.random.default_rng(3).normal(size=(CHUNK + 17, 2))
    labels, certainty = parameters.assign(rows)
    assert (parameters.assign(rows[CHUNK - 5 :])[0] == labels[CHUNK - 5 :]).all()
    assert (parameters.assign(rows[:100])[1] == certainty[:100]).all()


def test_parameters_survive_their_file() -> None:
    fits = {7 * place: made(mode) for place, mode in enumerate(MODES)}
    back = unpacked(packed(fits))
    assert list(back) == list(fits)
    for fit, parameters in fits.items():
        assert back[fit].mode == parameters.mode
        for name in ("weights", "means", "covariances", "center", "scale"):
            np.testing.assert_array_equal(getattr(back[fit], name), getattr(parameters, name))
    with pytest.raises(NotFound):
        find(packed(fits), 1)


def test_a_file_may_hold_no_fit() -> None:
    assert unpacked(packed({})) == {}


def test_the_rand_index_is_one_for_the_same_groups_whatever_their_names() -> None:
    assert adjusted_rand(np.array([0, 0, 1, 2]), np.array(["b", "b", "c", "a"])) == 1.0
    assert adjusted_rand(np.array([1, 1]), np.array([0, 0])) == 1.0


def test_the_rand_index_of_a_published_example() -> None:
    left, right = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    # 15 pairs; 2 together in both, 6 and 3 together in each: (2 - 1.2) / (4.5 - 1.2).
    assert adjusted_rand(left, right) == pytest.approx(0.8 / 3.3)


def test_groups_that_have_nothing_to_do_with_each_other_agree_by_chance() -> None:
    rng = np.random.default_rng(0)
    assert abs(adjusted_rand(rng.integers(4, size=20_000), rng.integers(5, size=20_000))) < 0.01


def test_a_cross_table_counts_every_row_once() -> None:
    rows, columns, counts = cross_table(np.array([1, 1, 2]), np.array(["x", "y", "y"]))
    assert (rows, columns, counts.tolist()) == ([1, 2], ["x", "y"], [[1, 1], [0, 1]])
