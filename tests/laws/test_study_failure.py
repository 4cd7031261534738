"""A study that can no longer succeed says so once, in its stream of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from shoal.base import events
from shoal.base.faults import fault_point
from shoal.jobs.model import Outcome, WorkerId
from shoal.jobs.states import State
from shoal.jobs.store import cancelling, finishing, leasing
from shoal.studies.kinds import FITS, GATHER
from shoal.studies.model import Study, StudyState
from shoal.studies.store import stored
from tests.support.studies import Engine

POINT = fault_point("tests.study_failure", "A test ends jobs of a study.")
ME = WorkerId("tests")


@pytest.fixture
def engine(new_database_url: Callable[[], str], tmp_path: Path) -> Iterator[Engine]:
    """Make a home whose workers never start: the tests do their part."""
    made = Engine(tmp_path, new_database_url())
    yield made
    made.database.close()


@pytest.fixture
def study(engine: Engine, tmp_path: Path) -> Study:
    lines = ("x,y", *(f"{i * 7 % 13},{i * i % 17}" for i in range(40)))
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    return engine.start(tmp_path / "rows.csv", max_k=2)


def told(engine: Engine, study: Study) -> Sequence[events.Event]:
    found = engine.database.read(lambda conn: events.after(conn, 0, ["studies"], subject=study.id))
    return [event for event in found if event.kind in set(map(str, StudyState))]


def jobs_of(engine: Engine, study: Study) -> list[int]:
    return list(engine.database.read(lambda conn: stored.jobs_of(conn, study)))


def end(engine: Engine, kind: str, outcome: Outcome) -> None:
    """Take the jobs of a kind that can be had and end them."""
    leases = engine.database.write(
        POINT, lambda conn: leasing.lease(conn, ME, 99, resources={"cpu": 99}, kinds=[kind])
    )
    assert leases
    record = FITS.record if kind == FITS.name else None
    engine.database.write(
        POINT, lambda conn: finishing.finish_many(conn, [(one.token, outcome) for one in leases], record)
    )


def test_the_failure_of_the_job_that_gathers_is_told(engine: Engine, study: Study) -> None:
    end(engine, FITS.name, Outcome(State.FAILED, error={"kind": "refused", "message": "No room."}))
    assert not told(engine, study)
    end(engine, GATHER.name, Outcome(State.FAILED, error={"kind": "refused", "message": "No room at all."}))
    (event,) = told(engine, study)
    assert (event.kind, event.data) == ("failed", {"error": "No room at all."})
    assert engine.studies.get(study.id).state == StudyState.failed


def test_the_failure_is_told_when_the_last_job_has_ended_even_well(engine: Engine, study: Study) -> None:
    *_, gather = jobs_of(engine, study)
    engine.database.write(POINT, lambda conn: cancelling.cancel(conn, [gather]))
    assert not told(engine, study)
    end(engine, FITS.name, Outcome(State.SUCCEEDED, {"fits": []}))
    assert [event.kind for event in told(engine, study)] == ["failed"]


def test_jobs_that_are_cancelled_together_make_one_failure(engine: Engine, study: Study) -> None:
    engine.database.write(POINT, lambda conn: cancelling.cancel(conn, jobs_of(engine, study)))
    assert [event.kind for event in told(engine, study)] == ["failed"]


def test_a_cancelled_study_has_not_failed(engine: Engine, study: Study) -> None:
    engine.studies.cancel(study)
    assert [event.kind for event in told(engine, study)] == ["cancelled"]
