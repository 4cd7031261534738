"""One job of a server: what it is, writes, leaves and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import Ask, Call, Items, bytes_of, json_of, nothing, pages
from shoal.client.driver import Driver
from shoal.client.log_parts import LogPart, follow
from shoal.client.methods import Awaiting, Blocking, change, listing, operation, pieces
from shoal.client.patience import waited
from shoal.client.results import failure_of, value_of
from shoal.client.watched import Watched


class _Job(Watched):
    noun = "jobs"
    _made: Callable[[dict[str, Any]], Any]

    @property
    def id(self) -> int:
        """Return its id."""
        return int(self.facts["id"])

    @operation
    def attempts(self) -> Call[list[dict[str, Any]]]:
        """Return its attempts, oldest first."""
        found: list[dict[str, Any]] = (yield from self._json("/attempts"))["attempts"]
        return found

    @operation
    def explain(self) -> Call[dict[str, Any]]:
        """Return what it waits for and why, in words."""
        found: dict[str, Any] = yield from self._json("/explain")
        return found

    @operation
    def log(self, attempt: int | None = None, *, stream: str = "all", search: str | None = None) -> Call[str]:
        """Return the log of its newest attempt, or of one by its fence number, or the lines with a text."""
        params = {"attempt": attempt, "stream": stream, "search": search}
        ask = Ask("GET", f"{self.path}/log", params=params)
        return (yield from bytes_of(ask)).decode("utf-8", "replace")

    @listing
    def follow(self, *, stream: str = "all", attempt: int | None = None) -> Items[LogPart]:
        """Give what it writes (of out, err, shoal or all) until it has ended, over broken connections too."""
        yield from follow(self.path, stream, attempt)

    @operation
    def result(self, timeout: float | None = None) -> Call[Any]:
        """Wait for its end and return its result: the value of a function, else all that its runner tells.

        Raises:
            JobFailed: it ended otherwise than well.
            TimeoutError: it runs longer than `timeout` seconds.
        """
        yield from waited(self.path, self.facts, timeout, partial(setattr, self, "facts"))
        if self.state != "succeeded":
            raise failure_of(self.facts)
        return (yield from value_of(self.path, self.facts["result"]))

    @operation
    def artifacts(self) -> Call[list[dict[str, Any]]]:
        """Return the files that it left: name, size, sha256, attempt; those of the newest attempt first."""
        found: list[dict[str, Any]] = (yield from self._json("/artifacts"))["artifacts"]
        return found

    @pieces
    def artifact(self, name: str, attempt: int | None = None) -> Ask:
        """Give a file that it left, in pieces."""
        path = f"{self.path}/artifacts/{quote(name)}"
        return Ask("GET", path, params={"attempt": attempt}, patience=600)

    @listing
    def children(self, /, **filters: Any) -> Items[Any]:
        """Give the elements of an array, or the steps, in their order."""
        yield from pages(f"{self.path}/children", "jobs", filters, self._made)

    @change
    def release(self) -> Call[None]:
        """Queue it, if it is a draft."""
        yield from self._act("release")

    @change
    def revise(self, request: Mapping[str, Any]) -> Call[None]:
        """Give a draft the content of another request; it is queued unless that is a draft too."""
        self.facts = yield from json_of(Ask("PUT", self.path, json=dict(request)))

    @change
    def note(self, extra: Mapping[str, Any]) -> Call[None]:
        """Put other free JSON beside it."""
        self.facts = yield from json_of(Ask("PATCH", self.path, json={"extra": dict(extra)}))

    @operation
    def remove(self) -> Call[None]:
        """Take it away for good, with its children and logs; raises Conflict while it runs or waits."""
        yield from nothing(Ask("DELETE", self.path))

    @change
    def rerun(self) -> Call[None]:
        """Run it again; its old results stay."""
        yield from self._act("rerun")


class Job(_Job, Blocking):
    """One job on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts
        self._made = partial(Job, driver)


class AsyncJob(_Job, Awaiting):
    """One job on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: AsyncDriver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts
        self._made = partial(AsyncJob, driver)
