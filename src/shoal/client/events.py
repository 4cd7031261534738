"""The stream of events, read and resumed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shoal.base.errors import Unavailable
from shoal.client.calls import API, Ask
from shoal.client.driver import Driver

# The server says something every 15 seconds.
SILENCE = 45.0
TRIES = 5


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the server; `seq` is where to resume."""

    seq: int
    kind: str
    data: dict[str, Any]


def watch(
    driver: Driver, topics: Sequence[str] | None, subject: str | None, after: int | None
) -> Iterator[Event]:
    """Yield events as they happen, and go on after a broken connection without losing one.

    Raises:
        Unavailable: the server does not come back.
    """
    failures = 0
    while True:
        params = {"topic": list(topics) if topics else None, "subject": subject, "after": after}
        ask = Ask("GET", f"{API}/events", params=params, patience=SILENCE)
        try:
            with driver.stream(ask) as lines:
                for found in parse(lines):
                    failures = 0
                    after = found if isinstance(found, int) else found.seq
                    if isinstance(found, Event):
                        yield found
        except Unavailable:
            failures += 1
            if failures >= TRIES:
                raise


def parse(lines: Iterable[str]) -> Iterator[Event | int]:
    """Read server-sent events; the number of a first `: after N` comment is yielded alone."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line.startswith(": after "):
            yield int(line.removeprefix(": after "))
        elif line and name:
            fields[name] = value
        elif not line and "data" in fields:
            yield Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}
