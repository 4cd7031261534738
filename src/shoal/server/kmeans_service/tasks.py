"""The tasks of a job, in the older service's words: pending, done and error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from shoal.base.errors import NotFound
from shoal.studies.model import Fit, Study, StudyState
from shoal.studies.planning.grid import FitTask, grid
from shoal.studies.store import stored
from shoal.studies.store.tables import fits

MOST_TASKS = 10**9
TaskState = Literal["pending", "done", "error"]


@dataclass(frozen=True)
class Task:
    """One task; `fit` is its result or why it failed, None while nothing of it is known."""

    id: int
    k: int
    covariance: str
    state: TaskState
    fit: Fit | None

    @property
    def words(self) -> tuple[str, ...]:
        """Return what a search looks through."""
        shape, _, tied = self.covariance.partition("-")
        return (str(self.id), f"k={self.k}", shape, tied, self.covariance, self.state)


@dataclass(frozen=True)
class Counts:
    """Count tasks by state; all of them are submitted when a job is."""

    total: int
    pending: int
    error: int
    done: int

    def share(self, number: int) -> float:
        """Return a count in percent of all."""
        return 100 * number / self.total if self.total else 0.0


def tasks_of(conn: Connection, study: Study) -> list[Task]:
    """Return every task of a job by id."""
    known = {fit.fit: fit for fit in stored.list_fits(conn, study.id)}
    again = _unfinished(conn, study)
    return [_task(each, known.get(each.id), each.id in again) for each in grid(study.plan)]


def task_of(tasks: Sequence[Task], id_: int) -> Task:
    """Return one task; raises NotFound."""
    if not 0 <= id_ < len(tasks):
        raise NotFound(f"There is no task {id_}.", hint=f"Ids are 0 to {len(tasks) - 1}.")
    return tasks[id_]


def count(tasks: Sequence[Task]) -> Counts:
    """Return how many tasks are in each state."""
    states = [task.state for task in tasks]
    return Counts(len(states), states.count("pending"), states.count("error"), states.count("done"))


def listed(tasks: Sequence[Task], search: str) -> list[Task]:
    """Return the tasks of which every searched word begins one of theirs."""
    terms = search.lower().split()
    return [
        task for task in tasks if all(any(word.startswith(term) for word in task.words) for term in terms)
    ]


SORTS: dict[str, Callable[[Task], Any]] = {
    "id": lambda task: task.id,
    "k": lambda task: task.k,
    "covariance": lambda task: task.covariance,
    "bic": lambda task: task.fit and task.fit.bic,
    "aic": lambda task: task.fit and task.fit.aic,
    "status": lambda task: task.state,
}


def ordered(tasks: Sequence[Task], sort: str, descending: bool) -> list[Task]:
    """Return tasks in the order of one column; those without a value come last either way."""
    key = SORTS[sort]
    known = [task for task in tasks if key(task) is not None]
    return sorted(known, key=key, reverse=descending) + [task for task in tasks if key(task) is None]


def _task(cell: FitTask, fit: Fit | None, again: bool) -> Task:
    state: TaskState = "pending"
    if fit is not None and not again:
        state = "done" if fit.state == "succeeded" else "error"
    return Task(cell.id, cell.k, cell.covariance, state, fit)


def _unfinished(conn: Connection, study: Study) -> set[int]:
    """Return the tasks of a running job's present run that have not ended: these wait again."""
    if study.state != StudyState.running:
        return set()
    here = (fits.c.study == study.id) & (fits.c.generation == study.generation)
    ended = set(conn.execute(select(fits.c.fit).where(here)).scalars())
    return {fit for made in stored.jobs_of(conn, study).values() for fit in made} - ended
