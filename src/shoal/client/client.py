"""A connection to a Shoal server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from shoal.client.calls import API, Ask, json_of
from shoal.client.datasets import Datasets
from shoal.client.driver import Driver
from shoal.client.events import Event, watch
from shoal.client.jobs import Jobs
from shoal.client.studies import Studies

DEFAULT_URL = "http://127.0.0.1:8002"


class Client:
    """Talk to a server.

    >>> with Client() as client:                                    # doctest: +SKIP
    ...     dataset = client.datasets.add("birds.csv")
    ...     study = client.studies.submit(dataset.id, max_k=6).wait()
    ...     study.summary["best"]["k"]
    3

    Args:
        url: where the server is; by default `$SHOAL_SERVER`, else http://127.0.0.1:8002.
        token: the server token; not needed by the server's own user on the same machine.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None) -> None:
        self._driver = Driver(url or os.environ.get("SHOAL_SERVER") or DEFAULT_URL, token)
        self.datasets = Datasets(self._driver)
        self.studies = Studies(self._driver)
        self.jobs = Jobs(self._driver)

    @property
    def url(self) -> str:
        """Return where the server is."""
        return self._driver.url

    def ready(self) -> dict[str, Any]:
        """Return the server's version and checks; raises Unavailable when a part of it does not work."""
        found: dict[str, Any] = self._driver.run(json_of(Ask("GET", "/readyz")))
        return found

    def events(
        self, topics: Sequence[str] | None = None, *, subject: str | None = None, after: int | None = None
    ) -> Iterator[Event]:
        """Yield what happens from now on, or after a number, for ever; broken connections are resumed."""
        return watch(self._driver, topics, subject, after)

    def backup(self) -> Iterator[bytes]:
        """Yield an archive of everything, in pieces; `shoal restore` takes it."""
        return self._driver.download(Ask("POST", f"{API}/backup", patience=3600))

    def clean(self) -> dict[str, int]:
        """Forget what is old, and return how many of each were forgotten."""
        found: dict[str, int] = self._driver.run(json_of(Ask("POST", f"{API}/gc", patience=3600)))
        return found

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
