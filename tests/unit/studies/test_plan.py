from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.base.errors import InvalidInput
from shoal.clustering.modes import MODE_NAMES
from shoal.studies.plan import StudyPlan, check, default_min_members
from shoal.studies.planning.presets import plan_of


@given(
    st.builds(
        StudyPlan,
        columns=st.none() | st.lists(st.text(), min_size=1, unique=True).map(tuple),
        n_experiments=st.integers(1, 100),
        max_k=st.integers(1, 100),
        covariances=st.lists(st.sampled_from(MODE_NAMES), min_size=1, unique=True).map(tuple),
        scale=st.booleans(),
        min_members=st.none() | st.integers(1, 1000),
        seed=st.integers(0, 2**63 - 1),
    )
)
def test_a_plan_survives_json(plan: StudyPlan) -> None:
    assert StudyPlan.from_json(orjson.loads(orjson.dumps(plan.as_json()))) == plan


@pytest.mark.parametrize(
    ("rows", "least"), [(0, 2), (3, 2), (59, 2), (60, 3), (344, 17), (599, 29), (600, 30), (10**6, 30)]
)
def test_the_smallest_cluster_is_30_rows_or_5_percent_but_at_least_2(rows: int, least: int) -> None:
    assert default_min_members(rows) == least


def test_rows_limit_the_number_of_clusters_and_settle_the_smallest() -> None:
    plan = StudyPlan().for_rows(3)
    assert (plan.max_k, plan.min_members) == (3, 2)
    assert StudyPlan(min_members=7).for_rows(10_000).min_members == 7


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"max_k": 0}, "max_k"),
        ({"max_k": 10**6}, "max_k"),
        ({"max_k": True}, "max_k"),
        ({"max_k": "ten"}, "max_k"),
        ({"n_experiments": 101}, "n_experiments"),
        ({"n_init": -1}, "n_init"),
        ({"seed": -1}, "seed"),
        ({"min_members": 0}, "min_members"),
        ({"select": "worst"}, "select"),
        ({"score": "new"}, "score"),
        ({"scale": "yes"}, "scale"),
        ({"covariances": "full-tied,round"}, "covariances"),
        ({"covariances": []}, "covariances"),
        ({"covariances": "full-tied,full-tied"}, "covariances"),
        ({"columns": []}, "columns"),
        ({"columns": "a,a"}, "columns"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_of(options)
    assert field in caught.value.details["errors"]


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_of({"max_k": 0, "n_init": 1000, "select": "worst"})
    assert set(caught.value.details["errors"]) == {"max_k", "n_init", "select"}


def test_settings_lower_the_limits() -> None:
    with pytest.raises(InvalidInput, match="1 to 20"):
        check(StudyPlan(max_k=21), max_k=20)
    with pytest.raises(InvalidInput, match="600 fits"):
        check(StudyPlan(), fits=599)


def test_an_unknown_option_names_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="max_k"):
        plan_of({"maxk": 4})


def test_presets_give_defaults_that_options_override() -> None:
    assert plan_of({"preset": "standard"}) == StudyPlan()
    assert plan_of({"preset": "quick"}).n_fits < StudyPlan().n_fits < plan_of({"preset": "thorough"}).n_fits
    assert plan_of({"preset": "quick", "n_init": 9}).n_init == 9
    with pytest.raises(InvalidInput, match="quick"):
        plan_of({"preset": "slow"})


def test_legacy_is_the_old_score_and_algorithm() -> None:
    plan = plan_of({"legacy": True})
    assert (plan.score, plan.assignment) == ("legacy", "distance")
    assert plan_of({"legacy": False}) == StudyPlan()


def test_an_extension_must_be_larger() -> None:
    with pytest.raises(InvalidInput):
        StudyPlan().extended(10)
