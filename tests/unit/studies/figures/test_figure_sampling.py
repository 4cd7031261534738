from __future__ import annotations

import numpy as np
import pytest

from shoal.studies.figures.sampling import MOST, PANEL, drawn_rows, rows_note
from shoal.studies.figures.slots import matched


def test_few_rows_are_all_drawn_in_a_shuffled_order() -> None:
    labels = np.arange(4000) % 3
    order = drawn_rows(labels, 3, seed=1)
    np.testing.assert_array_equal(np.sort(order), np.arange(4000))
    assert (np.diff(order) < 0).mean() > 0.4
    np.testing.assert_array_equal(order, drawn_rows(labels, 3, seed=1))
    assert (order != drawn_rows(labels, 3, seed=2)).any()


@pytest.mark.parametrize("n", [5001, 60_000])
def test_many_rows_are_drawn_by_share_with_no_cluster_lost(n: int) -> None:
    labels = np.where(np.arange(n) % 3 == 0, 1, 0)
    labels[:35], labels[35:40] = 2, 3
    order = drawn_rows(labels, 4, seed=0)
    assert len(order) == len(np.unique(order)) == MOST
    counts = np.bincount(labels[order], minlength=4)
    assert counts[2] >= 30
    assert counts[3] == 5
    assert abs(counts[1] / counts[:2].sum() - 1 / 3) < 0.01
    first = np.bincount(labels[order[:PANEL]], minlength=4)
    assert first.sum() == PANEL
    assert first[3] == 5
    assert first[2] >= 30


def test_what_is_not_drawn_is_said() -> None:
    assert rows_note(3000, 3000) == ""
    assert rows_note(5000, 1_000_000) == "5,000 of 1,000,000 rows drawn."


def test_clusters_take_the_number_of_the_one_they_overlap_most() -> None:
    best = np.repeat([0, 1, 2], [50, 30, 20])
    np.testing.assert_array_equal(matched(best, best), [1, 2, 3])
    shuffled = np.array([2, 0, 1])[best]
    np.testing.assert_array_equal(matched(shuffled, best), [2, 3, 1])
    finer = np.concatenate([np.repeat([3, 0], [30, 20]), np.repeat(1, 30), np.repeat(2, 20)])
    np.testing.assert_array_equal(matched(finer, best), [4, 2, 3, 1])
    np.testing.assert_array_equal(matched(np.zeros(100, int), best), [1])
