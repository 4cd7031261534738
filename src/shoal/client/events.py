"""The stream of events, read and resumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shoal.base.errors import Unavailable
from shoal.client.calls import API, LINE, Ask, Item, Items, Listen, Pause

# The server says something every 15 seconds.
SILENCE = 45.0
TRIES = 5
FIRST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on the server; `seq` is where to resume."""

    seq: int
    kind: str
    data: dict[str, Any]


def watch(topics: Sequence[str] | None, subject: str | None, after: int | None) -> Items[Event]:
    """Give events as they happen, and go on after a broken connection without losing one.

    Raises:
        Unavailable: the server does not come back.
    """
    failures = 0
    while True:
        params = {"topic": list(topics) if topics else None, "subject": subject, "after": after}
        try:
            yield Listen(Ask("GET", f"{API}/events", params=params, patience=SILENCE))
            frames = Frames()
            while (line := (yield LINE)) is not None:
                if (found := frames.take(line)) is None:
                    continue
                failures = 0
                after = found if isinstance(found, int) else found.seq
                if isinstance(found, Event):
                    yield Item(found)
        except Unavailable:
            failures += 1
            if failures >= TRIES:
                raise
            yield Pause(FIRST_PAUSE * 2**failures)


class Frames:
    """Read server-sent events line by line."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def take(self, line: str) -> Event | int | None:
        """Return the event that a line ends, or the number that a first `: after N` comment tells."""
        name, _, value = line.partition(": ")
        if line.startswith(": after "):
            return int(line.removeprefix(": after "))
        if line and name:
            self._fields[name] = value
        elif not line and "data" in self._fields:
            fields, self._fields = self._fields, {}
            return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
        return None
