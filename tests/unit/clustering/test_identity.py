"""Clusters keep their identity from update to update, and what becomes of them is told."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from shoal.clustering.identity import COLOURS, Change, Identities


def masses(centres: Any) -> Any:
    return np.full(len(centres), 100.0)


def seen(centres: Any) -> Identities:
    known = Identities()
    known.update(centres, masses(centres))
    return known


def line(*places: float) -> Any:
    return np.array(places)[:, None]


@pytest.mark.parametrize("seed", range(3))
def test_ids_follow_moving_clusters_through_any_numbering(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = 30 * random.normal(size=(15, 4))
    known, who = seen(centres), np.arange(15)
    for _ in range(50):
        order = random.permutation(15)
        centres, who = centres[order] + 0.1 * random.normal(size=(15, 4)), who[order]
        assert known.update(centres, masses(centres)) == []
        assert known.ids == who.tolist()
        assert known.slots == [min(one, 11) if one < 12 else one for one in who.tolist()]


def test_first_clusters_are_born() -> None:
    assert Identities().update(line(1, 9), np.ones(2)) == [Change("birth", 0), Change("birth", 1)]


def test_no_clusters_are_no_news_and_all_lost_are_deaths() -> None:
    assert Identities().update(np.empty((0, 2)), np.empty(0)) == []
    known = seen(line(0, 10))
    assert known.update(np.empty((0, 1)), np.empty(0)) == [Change("death", 0), Change("death", 1)]


def test_new_place_is_a_birth_and_a_lost_one_a_death() -> None:
    known = seen(line(0, 10, 20))
    assert known.update(line(20, 10, 0, 55), masses(range(4))) == [Change("birth", 3)]
    assert known.update(line(55, 10, 0), masses(range(3))) == [Change("death", 2)]
    assert known.ids == [3, 1, 0]


def test_halves_of_a_cluster_are_a_split_and_their_mean_a_merge() -> None:
    known = seen(line(0, 10, 20))
    assert known.update(line(0, 9, 11, 20), np.array([100, 50, 50, 100.0])) == [Change("split", 3, 1)]
    assert known.update(line(0, 20, 9.9), masses(range(3))) == [Change("merge", 3, 1)]


def test_single_cluster_splits_and_merges_again() -> None:
    known = seen(line(5))
    assert known.update(line(3, 7), np.array([50.0, 50.0])) == [Change("split", 1, 0)]
    assert known.update(line(5), masses([0])) == [Change("merge", 1, 0)]


def test_speck_far_away_is_a_birth_however_its_neighbour_trembles() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        known = seen(line(0, 10))
        moved = line(0, 10, 30) + 0.05 * random.normal(size=(3, 1))
        assert known.update(moved, np.array([1000.0, 1000.0, 2.0])) == [Change("birth", 2)]


def test_leap_beyond_neighbours_is_a_death_and_a_birth() -> None:
    known = seen(line(0, 10, 20))
    assert known.update(line(10, 20, 500), masses(range(3))) == [Change("death", 0), Change("birth", 3)]


def test_freed_colours_are_taken_last() -> None:
    known = seen(line(*range(0, 30, 10)))
    known.update(line(10, 20), masses(range(2)))
    known.update(line(10, 20, 100), masses(range(3)))
    assert known.slots == [1, 2, 3]
    places = [10 * number + 1000 for number in range(COLOURS - 4)]
    known.update(line(10, 20, 100, *places), masses(range(COLOURS - 1)))
    known.update(line(10, 20, 100, *places, 5000), masses(range(COLOURS)))
    assert known.slots[-1] == 0
    assert sorted(known.slots) == list(range(COLOURS))


def test_an_id_that_is_given_back_goes_to_the_next_new_cluster_and_never_to_two() -> None:
    known = seen(line(0, 10, 20, 30))
    known.update(line(0, 30), masses(range(2)))
    known.give_again([1])
    known.update(line(0, 30, 100), masses(range(3)))
    assert known.ids == [0, 3, 1]
    known.give_again([1, 2])  # The first lives again.
    known.update(line(0, 30, 100, 200, 300), masses(range(5)))
    assert known.ids == [0, 3, 1, 2, 4]


def test_state_goes_through_json() -> None:
    random = np.random.default_rng(1)
    centres = random.normal(size=(5, 3))
    one = seen(centres)
    one.update(centres[:-2], masses(centres[:-2]))
    one.give_again([4, 3])
    other = Identities.from_plain(json.loads(json.dumps(one.as_plain())))
    for _ in range(5):
        centres = np.vstack([centres[1:], 9 * random.normal(size=(2, 3))])
        assert one.update(centres, masses(centres)) == other.update(centres, masses(centres))
        assert (one.ids, one.slots) == (other.ids, other.slots)
