"""Messages of a real MQTT broker: each once, also those that a crash left without an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from shoal.base.errors import Unavailable
from shoal.live.sources.diary import Diary
from shoal.live.sources.feeding import feed
from shoal.live.sources.mqtt import Mqtt
from shoal.live.sources.source import Batch
from tests.support.mosquitto import running_mosquitto
from tests.support.nginx import free_port

Publish = Callable[..., None]


class Crash(Exception):
    """The program is killed here: nothing that follows is done."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_mosquitto(tmp_path_factory.mktemp("mqtt")) as port:
        yield port


@pytest.fixture
def publish(broker: int) -> Iterator[Publish]:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker)
    client.loop_start()

    def send(topic: str, *payloads: Any) -> None:
        for payload in payloads:
            text = payload if isinstance(payload, str) else json.dumps(payload)
            client.publish(topic, text, qos=1).wait_for_publish(10)

    yield send
    client.disconnect()
    client.loop_stop()


class Task:
    """Counts each key once."""

    def __init__(self) -> None:
        self.by_key: dict[str, list[Any]] = {}
        self.crash = ""

    @property
    def rows(self) -> list[Any]:
        return [row for rows in self.by_key.values() for row in rows]

    def push(self, rows: list[Any], key: str) -> bool:
        if self.crash == "before":
            raise Crash
        is_new = key not in self.by_key
        self.by_key.setdefault(key, rows)
        if self.crash == "after":
            raise Crash
        return is_new


def fed(broker: int, path: Path, task: Task, topic: str, until: int) -> list[str]:
    """Feed as a program does, until a task has so many rows."""
    told: list[str] = []
    diary = Diary(path)
    source = Mqtt("127.0.0.1", topic, f"test-{diary.id[:12]}", port=broker)
    feed(source, diary, task.push, tell=told.append, going=lambda: len(task.rows) < until)
    return told


def opened(broker: int, path: Path, task: Task, topic: str) -> None:
    """Make the session, so that the broker keeps what comes from now on."""
    diary = Diary(path)
    source = Mqtt("127.0.0.1", topic, f"test-{diary.id[:12]}", port=broker)
    batches = source.batches(None)
    assert next(batches) is None
    batches.close()  # type: ignore[attr-defined]
    diary.intend(Batch([], None))


def test_messages_are_rows_and_what_is_none_is_told(broker: int, publish: Publish, tmp_path: Path) -> None:
    task = Task()
    opened(broker, tmp_path / "diary", task, "a/#")
    publish("a/x", [1, 2], {"x": 3, "y": 4}, "5,6", "no row", [[7, 8], [9, 10]])
    publish("b/x", [11, 12])
    told = fed(broker, tmp_path / "diary", task, "a/#", 5)
    assert task.rows == [[1, 2], {"x": 3, "y": 4}, [5.0, 6.0], [7, 8], [9, 10]]
    assert len(told) == 1
    assert "a/x" in told[0]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_neither_loses_nor_doubles(
    broker: int, publish: Publish, tmp_path: Path, moment: str
) -> None:
    task, topic = Task(), f"crash/{moment}"
    opened(broker, tmp_path / "diary", task, topic)
    publish(topic, *([n] for n in range(10)))
    task.crash = moment
    with pytest.raises(Crash):
        fed(broker, tmp_path / "diary", task, topic, 10)
    task.crash = ""
    # Equal rows are other messages, and count.
    publish(topic, *([n] for n in range(5)))
    fed(broker, tmp_path / "diary", task, topic, 15)
    assert sorted(row[0] for row in task.rows) == sorted([*range(10), *range(5)])


def test_a_broker_that_is_away_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No MQTT broker"):
        next(Mqtt("127.0.0.1", "t", "c", port=free_port()).batches(None))
