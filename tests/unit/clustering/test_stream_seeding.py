"""Starting centres are rows, chosen as the name says; the older systems' names are understood."""

from __future__ import annotations

import numpy as np
import pytest

from shoal.clustering.limits import InvalidData, InvalidParameter
from shoal.clustering.online.generator import generator, resumed, state_of
from shoal.clustering.online.seeding import ALIASES, initialiser, starting_centres

ROWS = np.array([[0.0], [0.0], [1.0], [50.0], [51.0], [100.0]])


@pytest.mark.parametrize("name", [*ALIASES, "PP", "KMeans++"])
@pytest.mark.parametrize("power", [1, 2])
def test_each_name_gives_rows_that_differ(name: str, power: int) -> None:
    for seed in range(20):
        centres = starting_centres(ROWS, 4, generator(seed), init=name, power=power)
        assert len(np.unique(centres)) == 4
        assert np.isin(centres, ROWS).all()


def test_given_takes_the_first_rows_or_a_table() -> None:
    assert starting_centres(ROWS, 3, generator(0), init="given").ravel().tolist() == [0, 1, 50]
    table = [[9.0], [7.0], [8.0]]
    assert starting_centres(ROWS, 2, generator(0), init=table).tolist() == [[9.0], [7.0]]


def test_far_rows_are_chosen_more_often_the_higher_the_power() -> None:
    rows = np.concatenate([np.zeros((50, 1)), np.full((50, 1), 1.0), [[10.0]]])

    def share(power: int) -> float:
        starts = [starting_centres(rows, 2, generator(s), init="pp", power=power) for s in range(300)]
        return float(np.mean([10.0 in start for start in starts]))

    # By distance the far row has 10 of 60 chances beside a 0, and 9 of 59 beside a 1.
    assert 0.1 < share(1) < 0.25
    assert share(2) > 0.6


def test_a_row_without_weight_is_not_chosen() -> None:
    weights = np.array([0, 0, 1, 1, 0, 0.0])
    for name in ("random", "pp", "given"):
        for power in (1, 2):
            centres = starting_centres(ROWS, 5, generator(3), init=name, weights=weights, power=power)
            assert sorted(centres.ravel()) == [1, 50]


def test_fewer_unlike_rows_give_fewer_centres_unless_strict() -> None:
    rows = np.zeros((3, 2))
    assert starting_centres(rows, 8, generator(0)).tolist() == [[0, 0]]
    with pytest.raises(InvalidData, match="3 rows cannot give 8"):
        starting_centres(rows, 8, generator(0), strict=True)
    with pytest.raises(InvalidData, match="cannot give 0"):
        starting_centres(rows, 0, generator(0))


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(InvalidParameter, match="best"):
        initialiser("best")


def test_a_generator_goes_on_from_its_state() -> None:
    random = generator(np.random.RandomState(1))
    random.standard_normal(3)
    assert resumed(state_of(random)).random_sample(9).tolist() == random.random_sample(9).tolist()
