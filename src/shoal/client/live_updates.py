"""What happens to a live task, as a stream that is read over broken connections."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shoal.base.errors import Unavailable
from shoal.client.calls import LINE, Ask, Item, Items, Listen, Pause

# The server says something every 15 seconds.
SILENCE = 45.0
TRIES = 5
FIRST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Update:
    """Something new about a live task.

    `task` is the task's line, `summary` what it has found (clusters, metrics), None before anything is
    found; `event` is what just happened (a birth, a drift ...), None when only numbers moved.
    """

    task: dict[str, Any]
    summary: dict[str, Any] | None
    event: dict[str, Any] | None

    @property
    def state(self) -> str:
        """Return the task's state."""
        return str(self.task["state"])

    @property
    def clusters(self) -> list[dict[str, Any]]:
        """Return its clusters: id, centre, rows, share, born."""
        return list(self.summary["clusters"]) if self.summary else []


def updates(path: str) -> Items[Update]:
    """Give what is new about a task, at most ten times a second, until it is deleted.

    Raises:
        NotFound: there is no such task.
        Unavailable: the server does not come back.
    """
    failures = 0
    while True:
        try:
            yield Listen(Ask("GET", f"{path}/stream", patience=SILENCE))
            kind = ""
            while (line := (yield LINE)) is not None:
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                if kind == "end":
                    return
                if name == "data":
                    failures = 0
                    yield Item(Update(**json.loads(value)))
            raise Unavailable("The server stopped.", hint="The task goes on with it.")
        except Unavailable:
            failures += 1
            if failures >= TRIES:
                raise
            yield Pause(FIRST_PAUSE * 2**failures)
