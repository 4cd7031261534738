"""A connection to a Shoal server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import API, Ask, Call, Items, json_of
from shoal.client.data import AsyncDatafiles, AsyncObjects, Datafiles, Objects
from shoal.client.datasets import AsyncDatasets, Datasets
from shoal.client.driver import Driver
from shoal.client.events import Event, watch
from shoal.client.fits import AsyncFits, Fits
from shoal.client.futures import AsyncJobFuture, JobFuture
from shoal.client.infra import AsyncInfra, Infra
from shoal.client.jobs import AsyncJobs, Jobs
from shoal.client.live import AsyncLive, Live
from shoal.client.methods import Awaiting, Blocking, listing, operation, pieces
from shoal.client.running import F, Running
from shoal.client.schedules import AsyncSchedules, Schedules
from shoal.client.scripts import AsyncScripts, Scripts
from shoal.client.studies import AsyncStudies, Studies
from shoal.client.workers import AsyncWorkers, Workers

DEFAULT_URL = "http://127.0.0.1:8002"


class _Client(Running[F]):
    @property
    def url(self) -> str:
        """Return where the server is."""
        return str(self._driver.url)

    @operation
    def ready(self) -> Call[dict[str, Any]]:
        """Return the server's version and checks; raises Unavailable when a part of it does not work."""
        found: dict[str, Any] = yield from json_of(Ask("GET", "/readyz"))
        return found

    @listing
    def events(
        self, topics: Sequence[str] | None = None, *, subject: str | None = None, after: int | None = None
    ) -> Items[Event]:
        """Give what happens from now on, or after a number, for ever; broken connections are resumed."""
        yield from watch(topics, subject, after)

    @pieces
    def backup(self) -> Ask:
        """Give an archive of everything, in pieces; `shoal restore` takes it."""
        return Ask("POST", f"{API}/backup", patience=3600)

    @operation
    def clean(self) -> Call[dict[str, int]]:
        """Forget what is old, and return how many of each were forgotten."""
        found: dict[str, int] = yield from json_of(Ask("POST", f"{API}/gc", patience=3600))
        return found


class Client(_Client[JobFuture], Blocking):
    """Talk to a server.

    >>> with Client() as client:                                    # doctest: +SKIP
    ...     dataset = client.datasets.add("birds.csv")
    ...     study = client.studies.submit(dataset.id, max_k=6).wait()
    ...     study.summary["best"]["k"]
    3

    Args:
        url: where the server is; by default `$SHOAL_SERVER`, else http://127.0.0.1:8002.
        token: the server token; not needed by the server's own user on the same machine.
        ca: a PEM file with the certificates to trust instead of the usual ones.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None, ca: Path | None = None) -> None:
        super().__init__(Driver(_address(url), token, ca))
        self.datasets = Datasets(self._driver)
        self.datafiles = Datafiles(self._driver)
        self.objects = Objects(self._driver)
        self.studies = Studies(self._driver)
        self.fits = Fits(self._driver)
        self.jobs = Jobs(self._driver)
        self.live = Live(self._driver)
        self.infra = Infra(self._driver)
        self.scripts = Scripts(self._driver)
        self._promise = partial(JobFuture, self._driver)
        self.workers = Workers(self._driver)
        self.schedules = Schedules(self._driver)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Client[AsyncJobFuture], Awaiting):
    """Talk to a server from an event loop: every method of `Client`, awaited.

    >>> async with AsyncClient() as client:                         # doctest: +SKIP
    ...     dataset = await client.datasets.add("birds.csv")
    ...     study = await (await client.studies.submit(dataset.id, max_k=6)).wait()
    ...     async for event in study.events(after=0):
    ...         print(event.kind)

    Args:
        url: where the server is; by default `$SHOAL_SERVER`, else http://127.0.0.1:8002.
        token: the server token; not needed by the server's own user on the same machine.
        ca: a PEM file with the certificates to trust instead of the usual ones.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None, ca: Path | None = None) -> None:
        super().__init__(AsyncDriver(_address(url), token, ca))
        self.datasets = AsyncDatasets(self._driver)
        self.datafiles = AsyncDatafiles(self._driver)
        self.objects = AsyncObjects(self._driver)
        self.studies = AsyncStudies(self._driver)
        self.fits = AsyncFits(self._driver)
        self.jobs = AsyncJobs(self._driver)
        self.live = AsyncLive(self._driver)
        self.infra = AsyncInfra(self._driver)
        self.scripts = AsyncScripts(self._driver)
        self._promise = partial(AsyncJobFuture, self._driver)
        self.workers = AsyncWorkers(self._driver)
        self.schedules = AsyncSchedules(self._driver)

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _address(url: str | None) -> str:
    return url or os.environ.get("SHOAL_SERVER") or DEFAULT_URL
