"""Studies of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, json_of, pages
from shoal.client.driver import Driver
from shoal.client.methods import Awaiting, Blocking, listing, operation
from shoal.client.study import AsyncStudy, Study, StudyFailed

__all__ = ["AsyncStudies", "AsyncStudy", "Studies", "Study", "StudyFailed"]

PATH = f"{API}/studies"
S = TypeVar("S", Study, AsyncStudy)


class _Studies(Generic[S]):
    _made: Callable[[dict[str, Any]], S]

    @operation
    def submit(self, /, dataset: str, *, name: str = "", **options: Any) -> Call[S]:
        """Start a study over a dataset; options are those of a plan, and `preset`, `legacy`, `budget`.

        Raises:
            NotFound: there is no such dataset.
            InvalidInput: an option cannot be used; `details["errors"]` tells of each.
        """
        body = {"dataset": dataset, "name": name} | _jsonable(options)
        return self._made((yield from json_of(Ask("POST", PATH, json=body))))

    @operation
    def estimate(self, /, dataset: str, **options: Any) -> Call[dict[str, Any]]:
        """Return what a study would use, take and need, without starting it; raises what `submit` does."""
        body = {"dataset": dataset} | _jsonable(options)
        found: dict[str, Any] = yield from json_of(Ask("POST", f"{PATH}/estimate", json=body))
        return found

    @operation
    def get(self, study: str) -> Call[S]:
        """Return a study by its id, or the newest for `last`; raises NotFound."""
        return self._made((yield from json_of(Ask("GET", f"{PATH}/{study}"))))

    @listing
    def find(self, /, **filters: Any) -> Items[S]:
        """Give studies without their summaries; filters are those of GET /api/v1/studies: q, state, ..."""
        yield from pages(PATH, "studies", filters, self._made)


class Studies(_Studies[Study], Blocking):
    """The studies of a server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._made = partial(Study, driver)

    def __iter__(self) -> Iterator[Study]:
        """Yield the studies, newest first, without their summaries."""
        return self.find()


class AsyncStudies(_Studies[AsyncStudy], Awaiting):
    """The studies of a server."""

    def __init__(self, driver: AsyncDriver) -> None:
        super().__init__(driver)
        self._made = partial(AsyncStudy, driver)

    def __aiter__(self) -> AsyncIterator[AsyncStudy]:
        """Yield the studies, newest first, without their summaries."""
        return self.find()


def _jsonable(options: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
