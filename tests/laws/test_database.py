"""What every database promises to those who write and read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from shoal.base import events
from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict, Forbidden, InvalidInput, InvalidSetting, Unavailable
from shoal.base.faults import fault_point
from tests.support.waiting import wait_until

POINT = fault_point("tests.database", "A test writes to the database.")


def say(word: str) -> Callable[[Connection], None]:
    return lambda c: events.append(c, "words", word, "said", {})


def words(database: Database) -> list[str]:
    return [event.subject for event in database.read(lambda c: events.after(c, 0, ["words"]))]


@pytest.fixture
def opened(new_database_url: Callable[[], str]) -> Iterator[Callable[[str], Database]]:
    handles: list[Database] = []

    def open_(url: str) -> Database:
        handles.append(open_database(url))
        return handles[-1]

    yield open_
    for handle in handles:
        handle.close()


def test_what_was_written_is_there_after_reopening(
    new_database_url: Callable[[], str], opened: Callable[[str], Database]
) -> None:
    url = new_database_url()
    first = opened(url)
    first.write(POINT, say("kept"))
    first.close()
    assert words(opened(url)) == ["kept"]


def test_a_failing_work_changes_nothing_and_raises_its_own_error(database: Database) -> None:
    def half(conn: Connection) -> None:
        say("half")(conn)
        events.flush(conn)
        raise Conflict("no")

    with pytest.raises(Conflict):
        database.write(POINT, half)
    assert words(database) == []


def test_a_failing_work_takes_no_other_with_it(database: Database) -> None:
    def fail(conn: Connection) -> None:
        say("never")(conn)
        raise Conflict("no")

    futures = [database.submit(POINT, fail if i % 3 == 0 else say(str(i))) for i in range(30)]
    failed = [i for i, future in enumerate(futures) if future.exception() is not None]
    assert failed == [i for i in range(30) if i % 3 == 0]
    assert sorted(words(database), key=int) == [str(i) for i in range(30) if i % 3]


def test_a_wrong_statement_fails_alone(database: Database) -> None:
    wrong = database.submit(POINT, lambda c: c.execute(text("INSERT INTO nowhere VALUES (1)")))
    right = database.submit(POINT, say("right"))
    right.result()
    assert wrong.exception() is not None
    assert words(database) == ["right"]


def test_a_cancelled_future_does_not_stop_the_writer(database: Database) -> None:
    gate = threading.Event()
    blocked = [database.submit(POINT, lambda _: gate.wait(10)) for _ in range(4)]
    futures = [database.submit(POINT, say(str(i))) for i in range(20)]
    for future in futures[::2]:
        future.cancel()
    gate.set()
    assert all(future.result() for future in blocked)
    database.write(POINT, say("after"))
    assert "after" in words(database)


def test_a_read_sees_one_moment(database: Database) -> None:
    def look_twice(conn: Connection) -> tuple[int, int]:
        before = events.last(conn)
        database.write(POINT, say("meanwhile"))
        return before, events.last(conn)

    first, second = database.read(look_twice)
    assert first == second
    assert words(database) == ["meanwhile"]


def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only|readonly|cannot be written"):
        database.read(lambda c: c.execute(text("DELETE FROM events")))


def test_subscribers_wake_after_commits_with_events(database: Database) -> None:
    woken = threading.Event()
    stop = database.subscribe(woken.set)
    woken.clear()
    database.write(POINT, say("hello"))
    wait_until(woken.is_set)
    stop()
    assert words(database) == ["hello"]


def test_a_relaxed_write_is_there_too(database: Database) -> None:
    database.submit(POINT, say("lightly"), relaxed=True).result()
    assert words(database) == ["lightly"]


def test_what_json_cannot_say_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput):
        database.write(POINT, lambda c: events.append(c, "t", "s", "k", {"what": object()}))


def test_a_closed_database_does_what_was_submitted_and_no_more(
    new_database_url: Callable[[], str], opened: Callable[[str], Database]
) -> None:
    url = new_database_url()
    closing = opened(url)
    futures = [closing.submit(POINT, say(str(i))) for i in range(50)]
    closing.close()
    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(Unavailable):
        closing.submit(POINT, say("late"))
    assert len(words(opened(url))) == 50


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting):
        open_database(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        open_database("postgresql://nobody@127.0.0.1:9/none?connect_timeout=2")


def test_a_folder_that_is_not_there_is_forbidden(tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        open_database(f"sqlite:///{tmp_path}/none/x.db")


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(Unavailable, match="no database"):
        open_database(f"sqlite:///{tmp_path}/x.db")
