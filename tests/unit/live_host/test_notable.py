"""Laws of what is news of clusters."""

from __future__ import annotations

from shoal.clustering.identity import Change
from shoal.live.host.notable import Notable


def test_a_cluster_is_told_of_when_it_first_holds_enough_rows() -> None:
    notable = Notable()
    assert notable.of([Change("birth", 0), Change("birth", 1)], [0, 1], [999, 1]) == [Change("birth", 0)]
    assert notable.of([], [0, 1], [985, 15]) == [Change("birth", 1)]
    assert notable.of([], [0, 1], [900, 100]) == []


def test_of_few_rows_a_single_one_is_no_news_yet() -> None:
    notable = Notable()
    assert notable.of([], [0, 1], [49, 1]) == [Change("birth", 0)]
    assert notable.of([], [0, 1], [95, 5]) == [Change("birth", 1)]
    assert Notable().of([], [0, 1, 2], [2, 3, 3]) == [Change("birth", id) for id in range(3)]


def test_a_speck_comes_and_goes_unseen() -> None:
    notable = Notable([0])
    assert notable.of([Change("split", 1, 0)], [0, 1], [999, 1]) == []
    assert notable.of([Change("merge", 1, 0)], [0], [1000]) == []
    assert notable.known == [0]


def test_what_was_told_of_and_goes_is_told_once_even_as_a_speck() -> None:
    notable = Notable([0, 1])
    assert notable.of([], [0, 1], [999, 1]) == []
    assert notable.of([Change("merge", 1, 0)], [0], [1000]) == [Change("merge", 1, 0)]
    assert notable.of([Change("death", 0)], [2], [10]) == [Change("death", 0), Change("birth", 2)]


def test_nobody_hears_of_a_cluster_through_another_that_was_not_told_of() -> None:
    notable = Notable([0])
    assert notable.of([Change("split", 2, 1)], [0, 1, 2], [500, 2, 498]) == [Change("birth", 2)]
    assert notable.of([Change("merge", 2, 1)], [0, 1], [998, 2]) == [Change("death", 2)]
