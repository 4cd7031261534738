import pytest

from shoal.studies.telling.answer import answer
from tests.unit.studies.summaries import best, profile, summary

STABLE = {"mean": 0.99, "low": 0.9, "values": [0.99], "rows": 300}
SHAKY = STABLE | {"mean": 0.5}


def test_a_firm_result_says_count_sizes_and_every_reason() -> None:
    told = answer(summary())
    assert told.verdict == "firm"
    assert told.text == (
        "Your data falls into 3 groups (clusters) of 151, 123 and 68 rows. This is a firm result: 10 of 10 "
        "repeats chose 3, re-sampled rows give the same groups, and 4 scores clearly worse."
    )
    assert told.strong in told.count


def test_more_than_five_clusters_are_told_by_their_extremes() -> None:
    sizes = [812, 200, 100, 90, 50, 31]
    told = answer(summary(best=best(6, sizes=sizes), wins={"6": 10}))
    assert told.count == "Your data falls into 6 groups (clusters) of 812 down to 31 rows."


def test_one_group_is_said_plainly_and_needs_no_resampling() -> None:
    told = answer(
        summary(best=best(1, sizes=[342]), wins={"1": 10}, rival={"k": 2, "gap": 9.0}, stability=None)
    )
    assert told.text == (
        "Your data looks like one group: no split scored better than leaving it whole. "
        "This is a firm result: 10 of 10 repeats chose 1, and 2 scores clearly worse."
    )


@pytest.mark.parametrize(
    ("wins", "gap", "stability", "sentence"),
    [
        (7, 3.0, STABLE, "This is likely, not certain: 7 of 10 repeats chose 3, and 4 is nearly as good."),
        (
            10,
            9.0,
            SHAKY,
            "This is likely, not certain: 10 of 10 repeats chose 3, but re-sampled rows give other groups.",
        ),
        (7, 9.0, STABLE, "This is likely, not certain: 7 of 10 repeats chose 3, and 4 scores clearly worse."),
        (10, 0.5, STABLE, "There is no clear answer: 3 and 4 score about the same. Look at both."),
        (4, 9.0, STABLE, "There is no clear answer: only 4 of 10 repeats chose 3. Look at 4 too."),
    ],
)
def test_doubt_is_told_with_its_true_reason(
    wins: int, gap: float, stability: dict[str, object], sentence: str
) -> None:
    found = summary(wins={"3": wins, "4": 10 - wins}, rival={"k": 4, "gap": gap}, stability=stability)
    assert answer(found).certainty == sentence


@pytest.mark.parametrize(
    ("wins", "gap", "stability", "verdict"),
    [
        (9, 5.0, 0.8, "firm"),
        (8, 5.0, 0.8, "likely"),
        (9, 4.9, 0.8, "likely"),
        (9, 5.0, 0.79, "likely"),
        (6, 1.0, 0.1, "likely"),
        (5, 9.0, 1.0, "unclear"),
        (10, 0.99, 1.0, "unclear"),
    ],
)
def test_a_verdict_needs_every_part_of_its_evidence(
    wins: int, gap: float, stability: float, verdict: str
) -> None:
    found = summary(wins={"3": wins}, rival={"k": 4, "gap": gap}, stability=STABLE | {"mean": stability})
    assert answer(found).verdict == verdict


def test_one_repeat_cannot_say_how_sure_it_is() -> None:
    told = answer(summary(experiments=1, wins={"3": 1}))
    assert told.verdict == "single"
    assert told.certainty == "Only one repeat was run, so we cannot say how sure this is."


def test_the_cluster_farthest_from_the_mean_stands_out() -> None:
    assert answer(summary()).differs == "Cluster 2 stands out by body_mass_g."


def test_small_differences_are_left_out() -> None:
    assert answer(summary(profiles=[profile(1, 9, a=0.79), profile(2, 8, a=-0.7)])).differs == ""


def test_rows_between_clusters_are_told_when_over_one_percent() -> None:
    certainty = {"mean": 0.9, "between": 14, "histogram": [0] * 20}
    assert answer(summary(certainty=certainty)).between == "14 rows (4%) lie between clusters."
    assert answer(summary(certainty=certainty | {"between": 3})).between == ""


def test_nothing_that_passes_is_no_answer_but_says_what_to_do() -> None:
    text = "No fit has all clusters at 17 rows or more. Allow smaller clusters."
    notes = [{"code": "nothing-passes", "text": text, "act": "--min-members 8"}]
    told = answer(summary(best=None, recommended={}, notes=notes))
    assert (told.verdict, told.text) == ("none", text)


def test_all_fits_failed_is_told() -> None:
    told = answer(summary(best=None, recommended={}, failed=600))
    assert told.text == "None of 600 fits worked, so there is no answer."
