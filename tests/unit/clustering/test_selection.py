"""Choosing among scored fits."""

from __future__ import annotations

import random
from dataclasses import dataclass

from shoal.clustering.selection import count_sentence, recommend, usual_min_members


@dataclass(frozen=True)
class Row:
    """A fit as choosing sees it."""

    k: int
    bic: float
    experiment: int = 0
    mode: str = "full-tied"
    smallest: float = 100
    degenerate: bool = False


def codes(rows: list[Row], min_members: float = 30) -> list[str]:
    return [note.code for note in recommend(rows, "best", min_members).notes]


def test_best_takes_the_single_best_and_mean_the_best_on_average() -> None:
    rows = [Row(2, -10, 0), Row(2, -11, 1), Row(3, -5, 0), Row(3, -90, 1)]
    assert recommend(rows, "best", 30).best == recommend(rows, "best", 30).per_mode["full-tied"]
    best, mean = (recommend(rows, select, 30).best for select in ("best", "mean"))
    assert best is not None and mean is not None
    assert (best.k, best.value) == (3, -5)
    assert (mean.k, mean.value, mean.fit.bic) == (2, -10.5, -10)


def test_too_small_clusters_and_spikes_are_not_recommended() -> None:
    rows = [Row(1, -9), Row(2, -1, smallest=29), Row(3, 5, degenerate=True), Row(2, -8, 1, smallest=30)]
    chosen = recommend(rows, "best", 30)
    assert chosen.best is not None
    assert (chosen.best.k, chosen.best.value) == (2, -8)
    assert "degenerate-left-out" in [note.code for note in chosen.notes]


def test_nothing_that_passes_is_said_in_words() -> None:
    chosen = recommend([Row(2, -1, smallest=3)], "best", 17)
    assert chosen.best is None
    assert chosen.per_mode == {}
    assert chosen.notes[0].text == ("No fit has all clusters at 17 rows or more. Allow smaller clusters.")


def test_wins_count_repeats_by_their_best_k() -> None:
    rows = [Row(2, -4, 0), Row(3, -3, 0), Row(2, -4, 1), Row(3, -5, 1), Row(2, -4, 2), Row(3, -6, 2)]
    chosen = recommend(rows, "best", 30)
    assert chosen.wins == {2: 2, 3: 1}
    assert chosen.share == 1 / 3
    assert (chosen.gap, chosen.runner_up) == (1, 2)


def test_notes_name_the_edge_one_group_and_disagreement() -> None:
    assert codes([Row(1, -9), Row(2, -5)]) == ["edge"]
    assert codes([Row(1, -5), Row(2, -9)]) == ["one-group"]
    assert codes([Row(1, -9), Row(2, -5), Row(3, -7)]) == []
    assert codes([Row(1, -9), Row(2, -5), Row(3, -5.5)]) == ["no-clear-winner"]
    disagree = [Row(2, -5), Row(3, -9), Row(2, -19, mode="spher-tied"), Row(3, -15, mode="spher-tied")]
    assert codes(disagree) == ["edge-of-mode", "modes-disagree"]


def test_the_order_of_the_results_does_not_matter() -> None:
    rows = [Row(k, -5, e, mode) for k in (1, 2, 3) for e in range(3) for mode in ("full-tied", "diag-tied")]
    first = recommend(rows, "best", 30)
    for seed in range(20):
        mixed = random.Random(seed).sample(rows, len(rows))
        assert recommend(mixed, "best", 30) == first
    assert first.best is not None
    assert (first.best.k, first.best.mode) == (1, "full-tied")


def test_min_members_shrink_with_the_data() -> None:
    assert [usual_min_members(n) for n in (3000, 600, 344, 40, 3, 1)] == [30, 30, 17, 2, 2, 1]


def test_the_count_is_said_in_plain_words() -> None:
    assert count_sentence([342]).startswith("Your data looks like one group")
    assert count_sentence([10, 9]).endswith("2 groups (clusters) of 10 and 9 rows.")
    assert count_sentence([812, 50, 49, 48, 40, 31]).endswith("of 812 down to 31 rows.")
