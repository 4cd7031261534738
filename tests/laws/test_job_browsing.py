"""Laws of looking through many jobs: what a filter finds is what a look at every job finds."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from shoal.access import OWNER, Actor
from shoal.base.transaction import is_postgres
from shoal.jobs.model import Dependency, NewJob, Outcome
from shoal.jobs.states import Reason, State
from shoal.jobs.store import browsing, queueing
from shoal.jobs.store.browsing import JobFilter, Line
from shoal.server.pages.jobs.table import Table, table
from shoal.server.pages.jobs.wanted import Wanted
from shoal.server.pages.queue.waiting import waiting
from tests.support.store import Store


@pytest.fixture
def many(store: Store) -> Store:
    """Return a store with jobs in most states, of two owners, some below others."""
    whole = store.submit_one("array", name="whole")
    store.submit(*(NewJob("run", name=f"part[{n}]", parent=whole, array_index=n) for n in range(4)))
    store.submit_one("run", owner="ana", name="50% of it")
    store.submit_one("run", owner="ana", name="UPPER", labels=("gpu",))
    store.submit_one("study.fits", name="a study")
    first = store.submit_one("run", name="first")
    store.submit_one("run", name="second", after=[Dependency(job=first)])
    lease = store.lease_one()
    store.start(lease)
    store.fail(lease)
    for lease in store.lease(2):
        store.start(lease)
    store.succeed(lease, {"value": 1})
    return store


def ids(store: Store, **wanted: Any) -> list[int]:
    found, total = store.database.read(
        lambda c: browsing.job_page(c, JobFilter(**wanted), offset=0, limit=100)
    )
    assert total == len(found)
    assert [line.id for line in found] == store.database.read(
        lambda c: browsing.ids(c, JobFilter(**wanted), 100)
    )
    return [line.id for line in found]


def seen(store: Store, actor: Actor = OWNER, **query: Any) -> Table:
    return store.database.read(lambda c: table(c, actor, Wanted(**query)))


def every(store: Store) -> list[Line]:
    return store.database.read(lambda c: browsing.job_page(c, JobFilter(), offset=0, limit=100))[0]


@pytest.mark.parametrize(
    "states", [[state] for state in State] + [[State.FAILED, State.RUNNING], list(State)]
)
def test_states_are_found_by_whatever_index(many: Store, states: list[State]) -> None:
    expected = [line.id for line in every(many) if line.state in states]
    assert ids(many, states=states) == expected
    own = [line.id for line in every(many) if line.state in states and line.owner == "ana"]
    assert ids(many, states=states, owners=["ana"], kinds=["run"]) == own


def test_a_text_is_an_id_or_a_part_of_a_name_in_any_case(many: Store) -> None:
    by_name = {line.name: line.id for line in every(many)}
    assert ids(many, text="upper") == [by_name["UPPER"]]
    assert ids(many, text="50%") == [by_name["50% of it"]]
    assert by_name["first"] in ids(many, text=str(by_name["first"]))
    assert ids(many, text="%") == [by_name["50% of it"]]
    assert ids(many, text="9" * 30) == []


def test_labels_parents_and_whole_jobs_are_found(many: Store) -> None:
    by_name = {line.name: line.id for line in every(many)}
    assert ids(many, label="gpu") == [by_name["UPPER"]]
    assert len(ids(many, parent=by_name["whole"])) == 4
    assert not {by_name[f"part[{n}]"] for n in range(4)} & set(ids(many, whole=True))
    counts = many.database.read(lambda c: browsing.children(c, [by_name["whole"], by_name["first"]]))
    assert set(counts) == {by_name["whole"]}
    assert sum(counts[by_name["whole"]].values()) == 4


def test_links_tell_both_ends(many: Store) -> None:
    by_name = {line.name: line.id for line in every(many)}
    (after,) = many.database.read(lambda c: browsing.upstream(c, by_name["second"], 9))
    (before,) = many.database.read(lambda c: browsing.downstream(c, by_name["first"], 9))
    assert (after.line.id, before.line.id) == (by_name["first"], by_name["second"])
    assert (after.condition, after.settled) == ("ok", False)


def test_the_list_folds_arrays_and_leaves_out_the_houses_own_work(many: Store) -> None:
    names = [row.line.name for row in seen(many).rows]
    assert "part[0]" not in names and "a study" not in names and "whole" in names
    assert seen(many).hidden == 1
    assert "a study" in [row.line.name for row in seen(many, kind="all").rows]


@pytest.mark.parametrize("state", ["queued", "running", "retrying", "failed", "succeeded", "cancelled"])
def test_a_count_is_what_its_link_lists(many: Store, state: Any) -> None:
    found = seen(many, state=state)
    assert dict(found.counts)[state] == len(found.rows) == found.pages.total


def test_nobody_sees_the_jobs_of_others(many: Store) -> None:
    mine = seen(many, Actor("ana"))
    assert {row.line.owner for row in mine.rows} == {"ana"}
    assert mine.known.owners == ("ana",)
    assert {row.line.owner for row in seen(many, Actor("ana"), owner="me").rows} == {"ana"}
    assert seen(many, Actor("ben")).rows == []


def test_what_waits_is_told_once_a_lane_and_reason(many: Store) -> None:
    many.lease(9)
    groups = many.database.read(queueing.waiting)
    waiting = [line for line in every(many) if line.reason is not None]
    assert sum(group.number for group in groups) == len(waiting)
    told = {(group.reason, group.first) for group in groups}
    by_name = {line.name: line for line in every(many)}
    assert (Reason.LABEL, by_name["UPPER"].id) in told
    assert (Reason.DEPENDENCY, by_name["second"].id) in told
    assert many.database.read(lambda c: queueing.waiting(c, ["nobody"])) == []


def test_calls_of_a_script_are_found_by_its_name(store: Store) -> None:
    made = store.submit(*(NewJob("function", {"script": name}) for name in ("a", "b", "a", 'q"\\')))
    store.submit_one("command", spec={"script": "a"})
    assert calls(store, "a") == [made[2], made[0]]
    assert calls(store, 'q"\\') == [made[3]]
    last = store.database.read(lambda c: browsing.last_calls(c, None))
    assert set(last) == {"a", "b", 'q"\\'}
    assert store.database.read(lambda c: browsing.last_calls(c, ["nobody"])) == {}


def test_many_jobs_take_as_many_queries_as_few(store: Store) -> None:
    def queries() -> int:
        def look(conn: Connection) -> int:
            said = list[str]()
            raw: Any = conn.connection.driver_connection
            raw.set_trace_callback(said.append)
            try:
                assert table(conn, OWNER, Wanted(kind="all")).rows
            finally:
                raw.set_trace_callback(None)
            return len(said)

        return store.database.read(look)

    if not store.database.read(is_postgres):
        store.submit(*(NewJob("a", name="x") for _ in range(3)))
        few = queries()
        heads = store.submit(*(NewJob("a", name="x") for _ in range(60)))
        store.submit(*(NewJob("a", parent=head, array_index=0) for head in heads))
        assert queries() <= few + 1 < 20  # The page is full, so that those on other pages are counted.


def calls(store: Store, script: str) -> list[int]:
    return [line.id for line in store.database.read(lambda c: browsing.calls_of(c, None, script, 9))]


def test_progress_and_words_of_an_error_stand_in_the_line(store: Store) -> None:
    store.submit_one(name="x")
    lease = store.lease_one()
    store.start(lease)
    store.finish(lease, Outcome(State.FAILED, error={"kind": "refused", "message": "it broke"}))
    (line,) = every(store)
    assert (line.state, line.error, line.attempts) == (State.FAILED, "it broke", 1)


@pytest.mark.parametrize(
    ("spec", "title"),
    [
        ({"cmd": ["sh", "-c", "echo  1;\n  echo 2"]}, "sh -c 'echo 1; echo 2'"),
        ({"image": "alpine:3", "cmd": ["true"]}, "true"),
        ({"image": "alpine:3"}, "alpine:3"),
        ({"script": "summary", "cmd": None}, "summary"),
        ({"cmd": ["x" * 90]}, "x" * 79 + "…"),
        ({"seconds": 3}, ""),
    ],
)
def test_a_job_without_a_name_is_called_by_what_it_runs(
    store: Store, spec: dict[str, Any], title: str
) -> None:
    unnamed, named = store.submit(NewJob("run", spec=spec), NewJob("run", spec=spec, name="mine"))
    found = store.database.read(lambda c: browsing.lines_of(c, [unnamed, named]))
    assert [found[unnamed].title, found[named].title] == [title, "mine"]


def test_what_the_house_keeps_ready_is_not_told_to_wait(store: Store) -> None:
    """No live task is there that a host would follow."""
    store.submit_one("live.host", owner=":house")
    assert store.database.read(lambda c: waiting(c, None)) == []
    store.submit_one("run")
    assert [group.lane.kind for group in store.database.read(lambda c: waiting(c, None))] == ["run"]
