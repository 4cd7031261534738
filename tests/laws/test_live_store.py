"""Live tasks in the database: who may do what when, and whose word is out of date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from shoal.base import events
from shoal.base.database import Database
from shoal.base.errors import NotFound
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.live.errors import LiveConflict, TooManyTasks
from shoal.live.model import Algorithm, Fault, LiveTask, Pace, Wish
from shoal.live.states import HOSTED, TABLE, Act, State
from shoal.live.store import changing, reading

T = TypeVar("T")
POINT = fault_point("tests.live_store", "A test changes a live task.")
WISH = Wish("walks", algorithm=Algorithm("kmeans", k=3), pace=Pace(iter=20, iter_per_data=1))


class Tasks:
    def __init__(self, database: Database) -> None:
        self.database = database

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.database.write(POINT, work)

    def new(self, owner: str = "me", key: str | None = None, limit: int = 100, **fields: Any) -> LiveTask:
        none = {"error": None, "dim": None, "played": None, "ended": None}
        zero = dict.fromkeys(("run", "rows", "pushed", "created", "changed"), 0)
        known: dict[str, Any] = {"id": new_id(), "owner": owner, "wish": WISH, "state": State.CREATED}
        made = LiveTask(**(known | none | zero | fields))
        return self.write(partial(changing.add, task=made, limit=limit, key=key))

    def act(self, id: str, what: Act, rows: int = 0) -> LiveTask:
        return self.write(partial(changing.act, id=id, what=what, rows=rows))

    def told(self, task: LiveTask, said: State, fault: Fault | None = None, **more: Any) -> LiveTask | None:
        word = {"run": task.run, "turn": task.turn, "rows": 0} | more
        return self.write(partial(changing.tell, id=task.id, said=said, fault=fault, **word))

    def get(self, id: str) -> LiveTask:
        return self.database.read(partial(reading.get, id=id))

    def running(self, rows: int = 0) -> LiveTask:
        task = self.act(self.new().id, Act.PLAY, rows)
        entered = self.told(task, State.READY)
        assert entered is not None
        assert entered.state is State.RUNNING
        return entered

    def find(self, **wanted: Any) -> list[str]:
        return [task.id for task in self.database.read(partial(reading.find, **wanted))]

    def topics(self) -> list[tuple[str, str]]:
        return [
            (event.subject, event.kind)
            for event in self.database.read(lambda c: events.after(c, 0, ["live"]))
        ]


@pytest.fixture
def tasks(database: Database) -> Tasks:
    return Tasks(database)


def test_a_task_comes_back_as_it_was_made(tasks: Tasks) -> None:
    made = tasks.new(dim=3, rows=7, base=7)
    assert tasks.get(made.id) == made
    assert made.wish == WISH
    assert made.created == made.changed > 0


def test_a_key_stands_for_one_task(tasks: Tasks) -> None:
    first = tasks.new(key="k")
    assert tasks.new(key="k") == first
    assert tasks.new(owner="you", key="k").id != first.id


def test_an_owner_has_so_many_tasks_and_no_more(tasks: Tasks) -> None:
    for _ in range(3):
        tasks.new(limit=3)
    with pytest.raises(TooManyTasks):
        tasks.new(limit=3)
    tasks.new(owner="you", limit=3)


def test_the_database_obeys_the_table(tasks: Tasks) -> None:
    for state, act in product(State, (Act.INIT, Act.PLAY, Act.PAUSE, Act.STOP)):
        task = tasks.new(state=state, run=1, then=State.READY if state is State.INITIALIZING else None)
        expected = TABLE[state][act]
        if expected.refused is None:
            after = tasks.act(task.id, act)
            assert (after.state, after.then) == (expected.to, expected.then)
        else:
            with pytest.raises(LiveConflict) as refused:
                tasks.act(task.id, act)
            assert refused.value.error_code == expected.refused
            after = task
        assert tasks.get(task.id) == after


def test_playing_a_new_task_initialises_it_first(tasks: Tasks) -> None:
    task = tasks.act(tasks.new().id, Act.PLAY, rows=5)
    assert (task.state, task.then, task.run, task.pushed) == (State.INITIALIZING, State.RUNNING, 1, 5)
    entered = tasks.told(task, State.READY, rows=5)
    assert entered is not None
    assert (entered.state, entered.then, entered.turn, entered.played_row) == (State.RUNNING, None, 1, 5)
    assert entered.played is not None


def test_initialising_alone_leads_to_ready(tasks: Tasks) -> None:
    task = tasks.act(tasks.new().id, Act.INIT)
    entered = tasks.told(task, State.READY)
    assert entered is not None
    assert (entered.state, entered.turn, entered.played) == (State.READY, 0, None)


def test_a_start_that_fails_ends_the_task_and_it_can_begin_anew(tasks: Tasks) -> None:
    task = tasks.act(tasks.new().id, Act.PLAY)
    failed = tasks.told(task, State.FINISHED, Fault("invalid_input", "given has other widths"))
    assert failed is not None
    assert failed.failed
    assert failed.error == Fault("invalid_input", "given has other widths")
    again = tasks.act(task.id, Act.PLAY)
    assert (again.state, again.error, again.run) == (State.INITIALIZING, None, 2)


def test_beginning_anew_zeroes_what_is_counted_and_keeps_the_rows(tasks: Tasks) -> None:
    task = tasks.running(rows=100)
    tasks.act(task.id, Act.STOP, rows=120)
    again = tasks.act(task.id, Act.PLAY, rows=130)
    assert (again.rows, again.pushed, again.base, again.run) == (130, 0, 130, task.run + 1)


def test_a_word_of_an_earlier_run_or_turn_is_ignored(tasks: Tasks) -> None:
    task = tasks.running()
    assert tasks.told(task, State.READY, run=task.run - 1) is None
    assert tasks.told(task, State.READY, turn=task.turn - 1) is None
    tasks.act(task.id, Act.STOP)
    assert tasks.told(task, State.READY) is None
    assert tasks.told(task, State.FINISHED, Fault("timeout", "late")) is None
    assert tasks.get(task.id).error is None


def test_a_goal_that_was_met_while_pausing_leaves_the_task_paused(tasks: Tasks) -> None:
    task = tasks.running()
    paused = tasks.act(task.id, Act.PAUSE)
    assert tasks.told(paused, State.READY) is None
    assert tasks.get(task.id).state is State.IDLE
    assert tasks.act(task.id, Act.PLAY).turn == task.turn + 1


def test_a_failure_is_recorded_in_every_state_that_is_followed(tasks: Tasks) -> None:
    for state in HOSTED:
        task = tasks.new(state=state, run=1, then=State.READY if state is State.INITIALIZING else None)
        failed = tasks.told(task, State.FINISHED, Fault("timeout", "over"))
        assert failed is not None
        assert failed.failed


def test_tasks_are_found_page_by_page(tasks: Tasks) -> None:
    made = [tasks.new(wish=replace(WISH, name=f"Walk {n}%")).id for n in range(5)]
    other = tasks.new(owner="you").id
    assert tasks.find(owner="me") == made[::-1]
    assert tasks.find(owner="me", limit=2) == made[:2:-1]
    assert tasks.find(owner="me", after=made[3]) == made[2::-1]
    assert tasks.find(ids=[made[0], other, "nobody"]) == [other, made[0]]
    assert tasks.find(search="walk 3%") == [made[3]]
    assert tasks.find(search="%", owner="me") == made[::-1]
    assert tasks.find(search=made[1].upper()) == [made[1]]
    assert tasks.find(owner="nobody") == []


def test_an_event_is_recorded_once(tasks: Tasks) -> None:
    task = tasks.new()
    drift = {"name": "1:drift", "run": 1, "row": 9, "kind": "drift", "detail": {"size": 2.5}, "at": 5}
    first = tasks.write(lambda c: changing.record(c, task.id, [drift, drift | {"name": "2"}]))
    assert [event.detail for event in first] == [{"size": 2.5}, {"size": 2.5}]
    assert tasks.write(lambda c: changing.record(c, task.id, [drift])) == []
    found = tasks.database.read(lambda c: reading.events_of(c, task.id, first[0].seq))
    assert found == first[1:]


def test_old_events_are_forgotten(tasks: Tasks) -> None:
    task = tasks.new()
    drift = {"run": 1, "row": 9, "kind": "drift", "detail": {}}
    found = [drift | {"name": str(at), "at": at} for at in (5, 6, 7)]
    tasks.write(lambda c: changing.record(c, task.id, found))
    assert tasks.write(partial(changing.forget_events, before=7)) == 2
    assert [event.at for event in tasks.database.read(lambda c: reading.events_of(c, task.id))] == [7]


def test_what_happens_is_in_the_outbox(tasks: Tasks) -> None:
    task = tasks.running()
    tasks.write(partial(changing.reconfigure, id=task.id, wish=replace(WISH, name="other")))
    drift = {"name": "1", "run": 1, "row": 9, "kind": "drift", "detail": {}, "at": 5}
    tasks.write(lambda c: changing.record(c, task.id, [drift]))
    tasks.write(partial(changing.forget, id=task.id))
    told = [kind for subject, kind in tasks.topics() if subject == task.id]
    assert told == ["created", "state", "state", "reconfigured", "drift", "deleted"]


def test_a_deleted_task_is_gone_with_its_events(tasks: Tasks) -> None:
    task = tasks.new()
    drift = {"name": "1", "run": 1, "row": 9, "kind": "drift", "detail": {}, "at": 5}
    tasks.write(lambda c: changing.record(c, task.id, [drift]))
    assert tasks.write(partial(changing.forget, id=task.id)) == task
    with pytest.raises(NotFound):
        tasks.get(task.id)
    assert tasks.database.read(lambda c: reading.events_of(c, task.id)) == []
    for change in (
        partial(changing.forget, id=task.id),
        partial(changing.act, id=task.id, what=Act.PLAY, rows=0),
        partial(changing.reconfigure, id=task.id, wish=WISH),
    ):
        with pytest.raises(NotFound):
            tasks.write(change)
