from __future__ import annotations

from dataclasses import replace

import pytest

from shoal.studies.telling.brief import brief
from shoal.studies.telling.likeness import Difference, differences, likeness
from tests.unit.studies.summaries import best, study, summary


def test_a_list_tells_the_count_the_sizes_and_how_sure() -> None:
    assert brief(summary()) == "3 groups of 151, 123 and 68 rows, a firm result"
    many = summary(best=best(6, sizes=[812, 200, 100, 90, 50, 31]), wins={"6": 10})
    assert brief(many).startswith("6 groups of 812 down to 31 rows")
    one = summary(best=best(1, sizes=[342]), wins={"1": 10}, stability=None)
    assert brief(one) == "One group, a firm result"
    assert brief(summary(best=None)) == "No answer"
    assert brief(summary(experiments=1)).endswith("from one repeat only")


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (1.0, "the same"),
        (0.999, "nearly the same"),
        (0.9, "nearly the same"),
        (0.7, "much alike"),
        (0.5, "partly alike"),
        (0.2, "little alike"),
        (0.0, "no more alike than by chance"),
        (-0.3, "no more alike than by chance"),
    ],
)
def test_the_index_in_words(index: float, words: str) -> None:
    assert likeness(index) == words


def test_equal_studies_differ_in_nothing() -> None:
    assert differences(study(summary()), study(summary())._replace(id="other", name="other")) == []


def test_settings_and_data_that_differ_are_named_in_words() -> None:
    ours, theirs = study(summary()), study(summary())
    theirs = theirs._replace(plan=replace(theirs.plan, scale=False, missing="impute", max_k=20))
    assert differences(ours, theirs) == [
        Difference("Largest number of clusters", "10", "20"),
        Difference("Columns scaled", "yes", "no"),
        Difference("Rows with missing values", "left out", "filled with the median"),
    ]
