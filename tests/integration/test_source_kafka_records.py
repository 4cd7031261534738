"""Records of a broker that speaks Kafka: each once, also those that a crash left without an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput, Unavailable
from shoal.live.sources.diary import Diary
from shoal.live.sources.feeding import feed
from shoal.live.sources.kafka import Kafka
from tests.support.kafka import Broker, running_kafka
from tests.support.nginx import free_port


class Crash(Exception):
    """The program is killed here: nothing that follows is done."""


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_kafka() as running:
        yield running


class Task:
    """Counts each key once; `crash` says after how many pushes the program is killed."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[Any]] = {}
        self.crash = -1

    @property
    def rows(self) -> list[Any]:
        return [row for rows in self.by_key.values() for row in rows]

    def push(self, rows: list[Any], key: str) -> bool:
        is_new = key not in self.by_key
        self.by_key.setdefault(key, rows)
        self.crash -= 1
        if self.crash == -1:
            raise Crash
        return is_new


def fed(source: Kafka, path: Path, task: Task, until: int) -> list[str]:
    told: list[str] = []
    feed(source, Diary(path), task.push, tell=told.append, going=lambda: len(task.rows) < until)
    return told


def test_records_of_all_partitions_are_rows_and_what_is_none_is_told(broker: Broker, tmp_path: Path) -> None:
    task = Task()
    broker.publish("told", ["[1, 2]", '{"x": 3, "y": 4}', "5,6", "no row", "[[7, 8], [9, 10]]"])
    told = fed(Kafka(broker.servers, "told"), tmp_path / "diary", task, 5)
    assert sorted(map(str, task.rows)) == sorted(
        map(str, [[1, 2], {"x": 3, "y": 4}, [5.0, 6.0], [7, 8], [9, 10]])
    )
    assert len(told) == 1
    assert "offset 0 of partition 3" in told[0]


def test_a_crash_after_a_push_neither_loses_nor_doubles(broker: Broker, tmp_path: Path) -> None:
    task = Task()
    broker.publish("crash", [f"[{n}]" for n in range(10)])
    task.crash = 1
    with pytest.raises(Crash):
        fed(Kafka(broker.servers, "crash"), tmp_path / "diary", task, 10)
    broker.publish("crash", [f"[{n}]" for n in range(5)])  # Equal rows are other records, and count.
    fed(Kafka(broker.servers, "crash"), tmp_path / "diary", task, 15)
    assert sorted(row[0] for row in task.rows) == sorted([*range(10), *range(5)])


def test_who_wants_only_what_is_new_gets_only_that(broker: Broker, tmp_path: Path) -> None:
    broker.publish("new", [f"[{n}]" for n in range(8)])
    batches = Kafka(broker.servers, "new", latest=True).batches(None)
    assert next(batches) is None
    broker.publish("new", ["[100]"])
    found = next(batch for batch in batches if batch is not None)
    batches.close()  # type: ignore[attr-defined]
    assert found.rows == [[100]]


def test_a_topic_and_a_broker_that_are_not_there_are_said(broker: Broker) -> None:
    with pytest.raises(InvalidInput, match="no Kafka topic 'nothing'"):
        next(Kafka(broker.servers, "nothing").batches(None))
    with pytest.raises(Unavailable, match="No Kafka broker"):
        next(Kafka(f"127.0.0.1:{free_port()}", "t").batches(None))
