from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.clustering.modes import MODE_NAMES
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.batches import batches
from shoal.studies.planning.grid import FitTask, grid


def test_ids_count_up_by_experiment_then_k_then_covariance() -> None:
    tasks = grid(StudyPlan(n_experiments=2, max_k=2, covariances=("full-tied", "diag-tied")))
    assert [task.id for task in tasks] == list(range(8))
    assert tasks[:5] == [
        FitTask(0, 0, 1, "full-tied"),
        FitTask(1, 0, 1, "diag-tied"),
        FitTask(2, 0, 2, "full-tied"),
        FitTask(3, 0, 2, "diag-tied"),
        FitTask(4, 1, 1, "full-tied"),
    ]


def test_the_default_grid_has_600_fits() -> None:
    plan = StudyPlan()
    assert plan.n_fits == len(grid(plan)) == 600


def test_an_extension_keeps_ids_and_adds_only_larger_k() -> None:
    plan = StudyPlan(n_experiments=2, max_k=2)
    before, after = grid(plan), grid(plan.extended(4))
    assert after[: len(before)] == before
    assert {task.k for task in after[len(before) :]} == {3, 4}
    assert len(after) == plan.extended(4).n_fits


@given(
    st.integers(1, 4),
    st.integers(1, 12),
    st.sets(st.sampled_from(MODE_NAMES), min_size=1),
    st.integers(1, 8),
    st.floats(1e-5, 5.0),
)
def test_every_fit_stands_in_exactly_one_job(
    experiments: int, max_k: int, modes: set[str], workers: int, unit: float
) -> None:
    tasks = grid(StudyPlan(n_experiments=experiments, max_k=max_k, covariances=tuple(sorted(modes))))
    shared = batches(tasks, lambda task: unit * task.k, workers)
    assert Counter(task for batch in shared for task in batch) == Counter(tasks)
    assert len(shared) >= min(len(tasks), 2 * workers)
    assert all(shared)


def test_jobs_are_worth_their_overhead_and_longest_come_first() -> None:
    tasks = grid(StudyPlan())
    shared = batches(tasks, lambda task: 0.001 * task.k, workers=2)
    seconds = [sum(0.001 * task.k for task in batch) for batch in shared]
    assert min(seconds) > 0.15
    assert max(seconds) < 1.2
    assert seconds == sorted(seconds, reverse=True)


def test_long_fits_are_jobs_of_their_own() -> None:
    tasks = grid(StudyPlan(n_experiments=1, max_k=4, covariances=("full-tied", "diag-tied")))
    assert [len(batch) for batch in batches(tasks, lambda _: 3.0, workers=2)] == [1] * 8


def test_nothing_to_run_is_no_job() -> None:
    assert batches([], lambda _: 1.0, 2) == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_split_depends_on_nothing_but_its_arguments(workers: int) -> None:
    tasks = grid(StudyPlan(n_experiments=3))
    assert batches(tasks, lambda task: 0.01, workers) == batches(tasks, lambda task: 0.01, workers)
