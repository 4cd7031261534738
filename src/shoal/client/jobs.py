"""Jobs of a server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, json_of, pages
from shoal.client.driver import Driver
from shoal.client.giving import given
from shoal.client.job import AsyncJob, Job
from shoal.client.methods import Awaiting, Blocking, listing, operation
from shoal.client.patience import waited

PATH = f"{API}/jobs"
J = TypeVar("J", Job, AsyncJob)


class _Jobs(Generic[J]):
    _made: Callable[[dict[str, Any]], J]

    @operation
    def get(self, job: int) -> Call[J]:
        """Return a job by its id; raises NotFound."""
        return self._made((yield from json_of(Ask("GET", f"{PATH}/{job}"))))

    @operation
    def submit(self, request: Mapping[str, Any], *, key: str | None = None) -> Call[J]:
        """Submit a request (see POST /api/v1/jobs); the same one under the same `key` is done once.

        Its `data` may be a file (`Path`), a data frame, a `Dataset` or a job whose result is meant.

        Raises:
            InvalidInput: the request is wrong; `details["errors"]` names every fault by its place.
            Forbidden, NotFound: it may not be run, or what it names is not there.
        """
        return self._made((yield from _submitted(request, key)))

    @operation
    def run(
        self, request: Mapping[str, Any], *, key: str | None = None, timeout: float | None = None
    ) -> Call[J]:
        """Submit a request and return its job when that has ended; raises what `submit` and `wait` raise."""
        job = self._made((yield from _submitted(request, key)))
        yield from waited(job.path, job.facts, timeout, partial(setattr, job, "facts"))
        return job

    @operation
    def cancel(self, /, ids: Sequence[int] | None = None, **filters: Any) -> Call[dict[str, list[int]]]:
        """Cancel many jobs, by their ids or by what they are (state, kind, name, parent, where).

        Returns:
            `changed` and `left`: the ids of those that were cancelled, and of those that had ended.
        """
        return (yield from _many("cancel", ids, filters))

    @operation
    def rerun(self, /, ids: Sequence[int] | None = None, **filters: Any) -> Call[dict[str, list[int]]]:
        """Run many ended jobs again; see `cancel`."""
        return (yield from _many("rerun", ids, filters))

    @operation
    def remove(self, /, ids: Sequence[int] | None = None, **filters: Any) -> Call[dict[str, list[int]]]:
        """Take many ended jobs away for good; see `cancel`."""
        return (yield from _many("remove", ids, filters))

    @listing
    def find(self, /, **filters: Any) -> Items[J]:
        """Give jobs, newest first; filters are those of GET /api/v1/jobs."""
        if isinstance(filters.get("where"), Mapping):
            filters["where"] = json.dumps(filters["where"])
        yield from pages(PATH, "jobs", filters, self._made)


def _submitted(request: Mapping[str, Any], key: str | None) -> Call[dict[str, Any]]:
    asked = dict(request)
    if "data" in asked and not isinstance(asked["data"], Mapping):
        asked["data"] = yield from given(asked["data"])
    headers = {"Idempotency-Key": key} if key is not None else {}
    facts: dict[str, Any] = yield from json_of(Ask("POST", PATH, json=asked, headers=headers))
    return facts


def _many(verb: str, ids: Sequence[int] | None, filters: Mapping[str, Any]) -> Call[dict[str, list[int]]]:
    chosen = {"filter": dict(filters)} if ids is None else {"ids": list(ids)}
    done: dict[str, list[int]] = yield from json_of(Ask("POST", f"{PATH}/{verb}", json=chosen))
    return done


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
