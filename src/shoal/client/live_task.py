"""One live task of a server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

from shoal.base.errors import Conflict, NotFound
from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import Ask, Call, Items, bytes_of, json_of, nothing, pages
from shoal.client.driver import Driver
from shoal.client.held import Held
from shoal.client.live_pushing import Pushed, pushed
from shoal.client.live_rows import body_of
from shoal.client.live_updates import Update, updates
from shoal.client.live_wishes import wish_of
from shoal.client.methods import Awaiting, Blocking, change, listing, operation

# The server answers earlier when the task comes to rest.
ROUND = 20.0
LONG = 600.0
GOING = frozenset({"initializing", "running"})
RESTING = frozenset({"ready", "idle", "finished", "failed"})
Facts = dict[str, Any]


class _LiveTask(Held):
    noun = "live"
    _made: Callable[[Facts], Any]

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.facts["id"])

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.facts["wish"]["name"])

    @property
    def state(self) -> str:
        """Return its state: created, initializing, ready, running, idle, finished or failed."""
        return str(self.facts["state"])

    @property
    def summary(self) -> Facts | None:
        """Return what it has found: clusters, metrics, iterations; None before anything is found."""
        found: Facts | None = self.facts["summary"]
        return found

    @change
    def init(self) -> Call[None]:
        """Forget centres and counters, keep the rows; raises Conflict while it is alive."""
        yield from self._act("init")

    @change
    def play(self) -> Call[None]:
        """Let it iterate; raises Conflict when it does."""
        yield from self._act("play")

    @change
    def pause(self) -> Call[None]:
        """Let it rest, ready to play on; raises Conflict when it does not run."""
        yield from self._act("pause")

    @change
    def stop(self) -> Call[None]:
        """End it; what it has found and its rows stay. Raises Conflict when it is not alive."""
        yield from self._act("stop")

    @change
    def wait(self, *, timeout: float | None = None) -> Call[None]:
        """Return when its run is over: it is ready, finished or failed.

        Raises:
            Conflict: it never will be (`never_finish`), or it is paused (`idle`).
            TimeoutError: it is not after `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = ROUND if end is None else min(ROUND, end - time.monotonic())
            params = {"wait": round(max(left, 0.001), 3)}
            self.facts = yield from json_of(Ask("GET", self.path, params=params, patience=left + 30))
            if self.state in RESTING:
                return
            if end is not None and time.monotonic() >= end:
                raise TimeoutError(f"{self.id} has not ended; it is {self.state}.")

    @change
    def reconfigure(
        self, /, *, name: str | None = None, algorithm: str | Facts | None = None, **options: Any
    ) -> Call[None]:
        """Change what it is asked to do, before its next iteration; what is not named stays.

        Raises:
            InvalidInput: an option cannot be used; `details["errors"]` tells of each.
        """
        self.facts = yield from json_of(Ask("PATCH", self.path, json=wish_of(name, algorithm, options)))

    @operation
    def copy(self, name: str | None = None) -> Call[Any]:
        """Return another task that goes on from what this one has found."""
        return self._made((yield from json_of(Ask("POST", f"{self.path}/copy", json={"name": name}))))

    @operation
    def remove(self) -> Call[None]:
        """Delete it with its rows."""
        yield from nothing(Ask("DELETE", self.path))

    @operation
    def push(self, rows: Any, *, key: str | None = None, patience: float = 60.0) -> Call[Pushed]:
        """Give it rows, and return when they are safe: written, and counted once whatever breaks.

        Args:
            rows: a data frame, an Arrow table, an array (n x d), or a list of rows: lists of numbers or
                mappings of column names to numbers.
            key: the same rows under the same key count once, also from another program.
            patience: seconds to go on trying while the task or the server cannot take them.

        Raises:
            InvalidInput: a row cannot be used; none of them was taken.
            TooManyRequests, Unavailable: they could not be taken for `patience` seconds.
        """
        return (yield from pushed(self.path, body_of(rows), key, patience))

    @operation
    def predict(self, rows: Any, *, soft: bool = False) -> Call[Facts]:
        """Return `labels` and `distances` of rows, with `soft` their `shares` of each cluster; -1: no centre.

        Raises:
            InvalidInput: a row cannot be used.
        """
        body = body_of(rows)
        ask = Ask(
            "POST",
            f"{self.path}/predict",
            params={"soft": soft},
            content=body.content,
            headers=body.headers,
            patience=LONG,
        )
        found: Facts = yield from json_of(ask)
        return found

    @operation
    def centers(self) -> Call[list[Facts]]:
        """Return its clusters: `id`, `centre` (in the rows' own units), `rows`, `share`, `born`."""
        found: list[Facts] = (yield from json_of(Ask("GET", f"{self.path}/centers")))["clusters"]
        return found

    @operation
    def labels(self, format: str = "json") -> Call[Any]:
        """Return `rows` and `labels` of the rows in its frame; as `csv` or `arrow` the bytes of a file."""
        ask = Ask("GET", f"{self.path}/labels", params={"format": format}, patience=LONG)
        return (yield from (json_of(ask) if format == "json" else bytes_of(ask)))

    @operation
    def points(self, since: int = 0, limit: int = 100_000) -> Call[bytes]:
        """Return new rows of its frame with their labels, in the binary form of docs/how-to/live.md."""
        ask = Ask("GET", f"{self.path}/points", params={"since": since, "limit": limit}, patience=LONG)
        return (yield from bytes_of(ask))

    @operation
    def history(self, *, since: int = 0, limit: int = 1000, metrics: list[str] | None = None) -> Call[Facts]:
        """Return how its metrics were over time, one list for each."""
        params = {"since": since, "limit": limit, "metrics": ",".join(metrics) if metrics else None}
        found: Facts = yield from json_of(Ask("GET", f"{self.path}/history", params=params))
        return found

    @listing
    def events(self, after: int = 0) -> Items[Facts]:
        """Give what happened to it: births, deaths, drift ..., oldest first."""
        yield from pages(f"{self.path}/events", "events", {"after": after})

    @listing
    def watch(self) -> Items[Update]:
        """Give what is new about it, at most ten times a second, until it is deleted; breaks are resumed."""
        yield from updates(self.path)

    @operation
    def export(self) -> Call[bytes]:
        """Return all it has found, with its frame, as NPZ, never a pickle; `client.live.load` takes it."""
        return (yield from bytes_of(Ask("GET", f"{self.path}/export", patience=LONG)))

    @change
    def _entered(self) -> Call[None]:
        if self.state not in GOING:
            yield from self._act("play")

    @operation
    def _left(self) -> Call[None]:
        """End what is alive; what has ended or gone by itself is well."""
        try:
            yield from self._act("stop")
        except NotFound:
            return
        except Conflict as error:
            if error.error_code != "not_alive":
                raise


class LiveTask(_LiveTask, Blocking):
    """One live task on the server, as it was when it was last looked at; `refresh` looks again.

    `with task:` plays it, and stops it at the end of the block: what it has found stays to be asked for.
    """

    def __init__(self, driver: Driver, facts: Facts) -> None:
        super().__init__(driver)
        self.facts = facts
        self._made = lambda made: LiveTask(driver, made)

    def __enter__(self) -> Self:
        return self._entered()

    def __exit__(self, *error: object) -> None:
        self._left()


class AsyncLiveTask(_LiveTask, Awaiting):
    """One live task on the server, as it was when it was last looked at; `refresh` looks again.

    `async with task:` plays it, and stops it at the end of the block.
    """

    def __init__(self, driver: AsyncDriver, facts: Facts) -> None:
        super().__init__(driver)
        self.facts = facts
        self._made = lambda made: AsyncLiveTask(driver, made)

    async def __aenter__(self) -> Self:
        return await self._entered()

    async def __aexit__(self, *error: object) -> None:
        await self._left()
