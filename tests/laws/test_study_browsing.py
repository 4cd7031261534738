"""What holds for lists of fits and studies on every kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, update

from shoal.base.faults import fault_point
from shoal.studies.model import Fit, Study, StudyState
from shoal.studies.store import browsing, stored
from shoal.studies.store.browsing import FitFilter, StudyFilter
from shoal.studies.store.tables import fits, studies
from tests.support.studies import Engine

POINT = fault_point("tests.browsing", "A test writes fits by hand.")


@pytest.fixture
def engine(new_database_url: Callable[[], str], tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path, new_database_url())
    yield made
    made.database.close()


def write(engine: Engine, study: Study, generation: int, *rows: Fit) -> None:
    common = {"study": study.id, "generation": generation, "job": 1, "params": ""}

    def act(conn: Connection) -> None:
        conn.execute(insert(fits), [common | row.as_json() for row in rows])

    engine.database.write(POINT, act)


@pytest.fixture
def study(engine: Engine, tmp_path: Path) -> Study:
    """Return a study of which no fit has run."""
    (tmp_path / "rows.csv").write_text("x,y\n" + "".join(f"{i % 7},{i * i % 11}\n" for i in range(50)))
    return engine.start(tmp_path / "rows.csv", max_k=2, n_experiments=3)


def failed(fit: int, error: str) -> Fit:
    return Fit(fit, 0, 1, "full-tied", state="failed", error=error)


def test_the_newest_run_counts_and_rows_without_a_value_come_last(engine: Engine, study: Study) -> None:
    write(engine, study, 1, failed(0, "old"), Fit(1, 0, 1, "diag-tied", bic=-5.0), failed(2, "bad"))
    write(engine, study, 2, Fit(0, 0, 1, "full-tied", bic=-1.0), failed(3, "bad"))

    def listed(limit: int, sort: browsing.FitSort) -> list[int]:
        ids: list[int] = []
        place = None
        while len(ids) < 10:
            found = engine.database.read(
                lambda conn, after=place: browsing.find_fits(  # type: ignore[misc]
                    conn, FitFilter(study=study.id), sort=sort, after=after, limit=limit
                )
            )
            ids += [one.fit.fit for one in found]
            if len(found) < limit:
                break
            place = found[-1].place
        return ids

    for limit in (1, 2, 3, 10):
        assert listed(limit, "bic") == [0, 1, 2, 3]
        assert listed(limit, "fit") == listed(limit, "created") == [0, 1, 2, 3]


def test_failures_are_grouped_by_their_text_of_the_newest_run(engine: Engine, study: Study) -> None:
    write(engine, study, 1, failed(0, "a"), failed(1, "b"), failed(2, "b"), failed(3, "a"))
    write(engine, study, 2, failed(3, "b"), Fit(0, 0, 1, "full-tied", bic=-1.0))
    found = engine.database.read(lambda conn: browsing.failures(conn, study.id))
    assert found == [("b", 3, [1, 2, 3])]


def test_a_fit_is_its_newest_run(engine: Engine, study: Study) -> None:
    write(engine, study, 1, failed(0, "old"))
    write(engine, study, 2, Fit(0, 0, 1, "full-tied", bic=-1.0))
    assert engine.database.read(lambda conn: browsing.get_fit(conn, study, 0)).bic == -1.0


def test_a_filter_by_state_agrees_with_what_readers_see(engine: Engine, study: Study) -> None:
    def ids(*states: StudyState) -> list[str]:
        found = engine.database.read(lambda conn: browsing.find_studies(conn, StudyFilter(states=states)))
        return [one.id for one in found]

    assert (ids(StudyState.running), ids(StudyState.failed)) == ([study.id], [])
    # Its jobs are gone: the row says that it runs, readers see that it failed.
    engine.database.write(POINT, lambda conn: conn.execute(update(studies).values(generation=7)))
    assert engine.database.read(lambda conn: stored.get(conn, study.id)).state == StudyState.failed
    assert (ids(StudyState.running), ids(StudyState.failed)) == ([], [study.id])
    assert ids(StudyState.running, StudyState.failed, StudyState.succeeded) == [study.id]
