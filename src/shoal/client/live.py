"""Live tasks of a server: clusters of rows that keep arriving."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, json_of, pages
from shoal.client.driver import Driver
from shoal.client.live_rows import body_of
from shoal.client.live_task import LONG, AsyncLiveTask, LiveTask
from shoal.client.live_wishes import wish_of
from shoal.client.methods import Awaiting, Blocking, listing, operation

L = TypeVar("L", LiveTask, AsyncLiveTask)
PATH = f"{API}/live"
NPZ = "application/octet-stream"


class _Live(Generic[L]):
    _made: Callable[[dict[str, Any]], L]

    @operation
    def create(
        self,
        /,
        name: str = "",
        algorithm: str | Mapping[str, Any] = "mcmc",
        *,
        key: str | None = None,
        **options: Any,
    ) -> Call[L]:
        """Make a task that waits for rows.

        Args:
            name: what people call it.
            algorithm: mcmc (chooses how many clusters), kmeans or streaming, or a mapping with all of its
                options.
            key: under the same key it is made once.
            **options: of the algorithm (k, init_k, max_k, frame_size, half_life, space, ...), of its pace
                (iter, data_per_iter, iter_per_data, iter_freq, timeout, until, ...) and of the task (columns,
                variables, identifier, predictions, dataset, shards).

        Raises:
            InvalidInput: an option cannot be used; `details["errors"]` tells of each.
            TooManyRequests: you have as many tasks as you may.
        """
        return (yield from self._created(wish_of(name, algorithm, options), None, key))

    @operation
    def play(
        self,
        /,
        name: str = "",
        algorithm: str | Mapping[str, Any] = "mcmc",
        *,
        key: str | None = None,
        **options: Any,
    ) -> Call[L]:
        """Make a task and let it run; takes and raises what `create` does."""
        return (yield from self._created(wish_of(name, algorithm, options), "play", key))

    @operation
    def batch(
        self, /, rows: Any, algorithm: str | Mapping[str, Any] = "mcmc", *, name: str = "", **options: Any
    ) -> Call[L]:
        """Cluster rows once: make a task, push, play, wait for its end, stop. It needs an end (`iter`).

        Raises:
            InvalidInput: an option or a row cannot be used.
            Conflict: it would never end.
        """
        task = yield from self._created(wish_of(name, algorithm, options), None, None)
        body = body_of(rows)
        ask = Ask("POST", f"{task.path}/batch", content=body.content, headers=body.headers, patience=6 * LONG)
        return self._made((yield from json_of(ask)))

    @operation
    def get(self, task: str) -> Call[L]:
        """Return a task by its id, or the newest for `last`; raises NotFound."""
        return self._made((yield from json_of(Ask("GET", f"{PATH}/{quote(task, safe='')}"))))

    @operation
    def load(self, exported: bytes, *, name: str | None = None) -> Call[L]:
        """Make a task of what `export` gave; raises InvalidInput when it is not that."""
        ask = Ask(
            "POST",
            f"{PATH}/import",
            params={"name": name},
            content=exported,
            headers={"Content-Type": NPZ},
            patience=LONG,
        )
        return self._made((yield from json_of(ask)))

    @listing
    def find(self, /, **filters: Any) -> Items[L]:
        """Give tasks, newest first, without their clusters; filters are those of GET /api/v1/live: q."""
        yield from pages(PATH, "tasks", filters, self._made)

    def _created(self, wish: dict[str, Any], then: str | None, key: str | None) -> Call[L]:
        headers = {} if key is None else {"Idempotency-Key": key}
        ask = Ask("POST", PATH, params={"then": then}, json=wish, headers=headers)
        return self._made((yield from json_of(ask)))


class Live(_Live[LiveTask], Blocking):
    """The live tasks of a server."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._made = partial(LiveTask, driver)

    def __iter__(self) -> Iterator[LiveTask]:
        """Yield the tasks, newest first."""
        return self.find()


class AsyncLive(_Live[AsyncLiveTask], Awaiting):
    """The live tasks of a server."""

    def __init__(self, driver: AsyncDriver) -> None:
        super().__init__(driver)
        self._made = partial(AsyncLiveTask, driver)

    def __aiter__(self) -> AsyncIterator[AsyncLiveTask]:
        """Yield the tasks, newest first."""
        return self.find()
