"""The outbox: a reader that resumes from a number never misses what commits later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import Connection

from shoal.base import events
from shoal.base.database import Database, open_database
from shoal.base.faults import fault_point
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until

POINT = fault_point("tests.events", "A test appends events.")


def append(topic: str, *subjects: str) -> Callable[[Connection], None]:
    def work(conn: Connection) -> None:
        for subject in subjects:
            events.append(conn, topic, subject, "said", {"by": subject})

    return work


def test_events_come_in_the_order_of_their_numbers(database: Database) -> None:
    database.write(POINT, append("a", "1", "2"))
    database.write(POINT, append("b", "3"))
    found = database.read(lambda c: events.after(c, 0))
    assert [event.subject for event in found] == ["1", "2", "3"]
    assert [event.seq for event in found] == sorted({event.seq for event in found})
    assert found[0].data == {"by": "1"}
    assert database.read(events.last) == found[-1].seq


def test_a_reader_resumes_and_filters(database: Database) -> None:
    database.write(POINT, append("a", "1", "2"))
    token = database.read(events.last)
    database.write(POINT, append("b", "3"))
    database.write(POINT, append("a", "4", "5"))
    later = database.read(lambda c: events.after(c, token, ["a"]))
    assert [event.subject for event in later] == ["4", "5"]
    assert [e.subject for e in database.read(lambda c: events.after(c, 0, limit=2))] == ["1", "2"]
    assert [e.subject for e in database.read(lambda c: events.after(c, 0, subject="3"))] == ["3"]


def test_numbers_are_never_given_out_again(database: Database) -> None:
    database.write(POINT, append("a", "1"))
    last = database.read(events.last)
    database.write(POINT, lambda c: events.forget(c, 1 << 60))
    database.write(POINT, append("a", "2"))
    assert database.read(events.last) > last


def test_no_event_is_missed_while_many_write(database: Database) -> None:
    each, writers = 40, 4
    seen: list[int] = []
    stop = threading.Event()

    def write(name: int) -> None:
        for i in range(each):
            database.write(POINT, append("t", *[f"{name}.{i}.{part}" for part in range(3)]))

    def follow() -> None:
        token = 0
        while not stop.is_set() or token < database.read(events.last):
            found = database.read(partial(events.after, seq=token, limit=7))
            seen.extend(event.seq for event in found)
            token = found[-1].seq if found else token

    reader = threading.Thread(target=follow)
    threads = [threading.Thread(target=write, args=(name,)) for name in range(writers)]
    for thread in [reader, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    reader.join()
    assert len(seen) == each * writers * 3
    assert seen == [event.seq for event in database.read(lambda c: events.after(c, 0, limit=10_000))]


@pytest.mark.real
def test_another_server_is_woken(cluster: Cluster) -> None:
    url = cluster.clone()
    here, there = open_database(url), open_database(url)
    try:
        woken = threading.Event()
        there.subscribe(woken.set)
        wait_until(woken.is_set)  # once, for what may have been missed
        woken.clear()
        here.write(POINT, append("a", "1"))
        wait_until(woken.is_set)
    finally:
        here.close()
        there.close()
        cluster.drop(url)
