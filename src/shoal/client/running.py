"""Running functions of a server as if they were here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from shoal.client.calls import API, Ask, Call, Item, Items, json_of
from shoal.client.futures import AsyncJobFuture, JobFuture
from shoal.client.giving import given
from shoal.client.methods import listing, operation
from shoal.client.results import JobFailed

Request: TypeAlias = Mapping[str, Any]
F = TypeVar("F", JobFuture, AsyncJobFuture)
# A script of this name is called for each item of its data, which is a list.
EACH = "[]"
MOST_JOBS = 16


class Running(Generic[F]):
    """What clients offer to run functions.

    `data` is given to the function's first parameter: a file (`Path`, or text that is a path), a pandas data
    frame, a `Dataset`, a job or future whose result is meant, `{"type": ...}` as in a request, or any other
    JSON value. `job` has fields of the request besides: timeout, priority, labels, retry, cache, limits ...
    """

    _driver: Any
    _promise: Callable[[dict[str, Any]], F]

    @operation
    def submit(
        self,
        script: str,
        /,
        *args: Any,
        data: Any = None,
        job: Request | None = None,
        **kwargs: Any,
    ) -> Call[F]:
        """Have a function run and return the promise of its value.

        Raises:
            NotFound: there is no such function.
            InvalidInput: the request is wrong; `details["errors"]` names every fault by its place.
        """
        return (yield from self._submitted(script, args, (yield from given(data)), job, kwargs))

    @operation
    def run(
        self,
        script: str,
        /,
        *args: Any,
        data: Any = None,
        job: Request | None = None,
        **kwargs: Any,
    ) -> Call[Any]:
        """Run a function and return its value; raises what `submit` does, and JobFailed."""
        future = yield from self._submitted(script, args, (yield from given(data)), job, kwargs)
        yield from future._ended(None)
        return (yield from future._value())

    @listing
    def map(
        self,
        script: str,
        items: Iterable[Any],
        /,
        *args: Any,
        chunk: int | None = None,
        job: Request | None = None,
        **kwargs: Any,
    ) -> Items[Any]:
        """Run a function for each item, its first argument, and give the values in the items' order.

        Items go together, `chunk` to a job, by default so that there are 16 jobs at most. All are submitted
        before the first value is given.

        Raises:
            JobFailed: at the value of the first item that failed.
        """
        every = list(items)
        size = chunk or max(1, -(-len(every) // MOST_JOBS))
        futures = []
        for start in range(0, len(every), size):
            data = {"type": "raw_data", "data": every[start : start + size]}
            futures.append((yield from self._submitted(script + EACH, args, data, job, kwargs)))
        for future in futures:
            yield from future._ended(None)
            values = yield from future._value()
            failed = {one["item"]: one["error"] for one in future.facts["result"].get("failed", ())}
            for place, value in enumerate(values):
                if place in failed:
                    raise _of_item(future, failed[place])
                yield Item(value)

    def _submitted(
        self,
        script: str,
        args: Sequence[Any],
        data: Request | None,
        job: Request | None,
        kwargs: Mapping[str, Any],
    ) -> Call[F]:
        wish = {"args": list(args), "kwargs": dict(kwargs), "data": data}
        request = {name: value for name, value in wish.items() if value} | dict(job or {})
        request |= {"runner": "function", "script": script}
        return self._promise((yield from json_of(Ask("POST", f"{API}/jobs", json=request))))


def _of_item(future: JobFuture | AsyncJobFuture, error: Mapping[str, Any]) -> JobFailed:
    return JobFailed(
        f"Job {future.id}: {error.get('message')}", job=future.id, state=future.state, error=dict(error)
    )
