"""Jobs of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, bytes_of, json_of, pages
from shoal.client.driver import Driver
from shoal.client.methods import Awaiting, Blocking, change, listing, operation
from shoal.client.watched import Watched

PATH = f"{API}/jobs"


class _Job(Watched):
    noun = "jobs"

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
    def log(self, attempt: int | None = None) -> Call[str]:
        """Return the log of its newest attempt, or of one by its fence number."""
        ask = Ask("GET", f"{self.path}/log", params={"attempt": attempt})
        return (yield from bytes_of(ask)).decode("utf-8", "replace")

    @change
    def rerun(self) -> Call[None]:
        """Run it again; its old results stay."""
        yield from self._act("rerun")


class Job(_Job, Blocking):
    """One job on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts


class AsyncJob(_Job, Awaiting):
    """One job on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: AsyncDriver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts


J = TypeVar("J", Job, AsyncJob)


class _Jobs(Generic[J]):
    _made: Callable[[dict[str, Any]], J]

    @operation
    def get(self, job: int) -> Call[J]:
        """Return a job by its id; raises NotFound."""
        return self._made((yield from json_of(Ask("GET", f"{PATH}/{job}"))))

    @listing
    def find(self, /, **filters: Any) -> Items[J]:
        """Give jobs, newest first; filters are those of GET /api/v1/jobs."""
        yield from pages(PATH, "jobs", filters, self._made)


class Jobs(_Jobs[Job], Blocking):
    """The jobs of a server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._made = partial(Job, driver)

    def __iter__(self) -> Iterator[Job]:
        return self.find()


class AsyncJobs(_Jobs[AsyncJob], Awaiting):
    """The jobs of a server."""

    def __init__(self, driver: AsyncDriver) -> None:
        super().__init__(driver)
        self._made = partial(AsyncJob, driver)

    def __aiter__(self) -> AsyncIterator[AsyncJob]:
        return self.find()
