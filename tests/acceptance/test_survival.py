"""Everything is killed while a thousand jobs wait and five run: none is lost, none is recorded twice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from shoal.jobs.model import Outcome
from shoal.jobs.states import State
from shoal.jobs.store import finishing, reading
from tests.support import survival_program
from tests.support.crash import Program
from tests.support.survival_program import RUNNING, WAITING, done

LATE = fault_point("tests.late", "A test answers under a token that is stale.")


def test_a_thousand_waiting_and_five_running_jobs_survive_the_death_of_everything(
    new_database_url: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database_url()
    program = Program("tests.support.survival_program:main", tmp_path, url)
    database = open_database(url)
    try:
        at_work = {State.RUNNING: RUNNING, State.QUEUED: WAITING}
        program.run_and_kill(lambda: len(_tokens(tmp_path)) == RUNNING and _states(database) == at_work)
        assert _states(database) == at_work
        stale = _tokens(tmp_path)
        (tmp_path / "go").touch()
        assert program.run() == 0, program.output.read_text()
        assert _states(database) == {State.SUCCEEDED: RUNNING + WAITING}
        assert [_answer(database, token) for token in stale] == [False] * RUNNING
        items = database.read(lambda c: c.execute(done.select().order_by(done.c.item)).all())
        assert [row.item for row in items] == list(range(RUNNING + WAITING))
        for job in sorted(row.job for row in items)[:RUNNING]:
            attempts = database.read(partial(reading.attempts_of, id_=job))
            assert [attempt.state for attempt in attempts] == [State.LOST, State.SUCCEEDED]
    finally:
        database.close()


def _states(database: Database) -> dict[State, int]:
    return {state: n for state, n in database.read(reading.counts).items() if n}


def _tokens(folder: Path) -> list[str]:
    """Return the tokens of the first attempts at the jobs that are held."""
    return [text for path in sorted(folder.glob("token-*-1")) if (text := path.read_text())]


def _answer(database: Database, token: str) -> bool:
    """Answer as a worker would that comes back from the dead; say whether that was taken."""
    outcome = Outcome(State.SUCCEEDED, {"item": -1})
    return database.write(LATE, lambda c: finishing.finish(c, token, outcome, survival_program.record))
