"""A job's log as it grows, read and resumed."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from shoal.base.errors import Unavailable
from shoal.client.calls import LINE, Ask, Item, Items, Listen, Pause

# The server says something every 15 seconds.
SILENCE = 45.0
TRIES = 5
FIRST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class LogPart:
    """What one stream wrote: `stream` is out, err, or shoal for what Shoal says; `attempt` is a fence."""

    stream: str
    content: bytes
    attempt: int
    offset: int

    @property
    def text(self) -> str:
        """Return it as text."""
        return self.content.decode("utf-8", "replace")


def follow(path: str, stream: str, attempt: int | None) -> Items[LogPart]:
    """Give what a job writes until it has ended, and go on after a broken connection without losing a byte.

    Raises:
        Unavailable: the server does not come back.
    """
    failures, offset = 0, 0
    while True:
        params = {"follow": True, "stream": stream, "attempt": attempt, "offset": offset}
        headers = {"Accept": "text/event-stream"}
        try:
            yield Listen(Ask("GET", f"{path}/log", params=params, headers=headers, patience=SILENCE))
            kind = ""
            while (line := (yield LINE)) is not None:
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                if kind == "end":
                    return
                if name == "data":
                    part = _part(kind, json.loads(value))
                    attempt, offset, failures = part.attempt, part.offset + len(part.content), 0
                    yield Item(part)
            raise Unavailable("The server stopped before the job's end.", hint="The job goes on with it.")
        except Unavailable:
            failures += 1
            if failures >= TRIES:
                raise
            yield Pause(FIRST_PAUSE * 2**failures)


def _part(kind: str, data: dict[str, Any]) -> LogPart:
    content = data["text"].encode() if "text" in data else b64decode(data["base64"])
    return LogPart(kind, content, data["attempt"], data["offset"])
