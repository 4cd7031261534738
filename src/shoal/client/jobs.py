"""Jobs of a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from shoal.client.calls import API, Ask, bytes_of, json_of, pages
from shoal.client.driver import Driver
from shoal.client.patience import waited

PATH = f"{API}/jobs"


class Job:
    """One job on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: dict[str, Any]) -> None:
        self._driver = driver
        self.facts = facts

    @property
    def id(self) -> int:
        """Return its id."""
        return int(self.facts["id"])

    @property
    def state(self) -> str:
        """Return its state."""
        return str(self.facts["state"])

    def refresh(self) -> Job:
        """Look again."""
        self.facts = self._json("")
        return self

    def wait(self, *, timeout: float | None = None, on_change: Callable[[Job], object] | None = None) -> Job:
        """Return when it has ended, however; `on_change` is called with each new state of it.

        Raises:
            TimeoutError: it runs longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        for facts in waited(self._driver, f"{PATH}/{self.id}", self.facts, end):
            self.facts = facts
            if on_change is not None:
                on_change(self)
        return self

    def attempts(self) -> list[dict[str, Any]]:
        """Return its attempts, oldest first."""
        found: list[dict[str, Any]] = self._json("/attempts")["attempts"]
        return found

    def explain(self) -> dict[str, Any]:
        """Return what it waits for and why, in words."""
        found: dict[str, Any] = self._json("/explain")
        return found

    def log(self, attempt: int | None = None) -> str:
        """Return the log of its newest attempt, or of one by its fence number."""
        ask = Ask("GET", f"{PATH}/{self.id}/log", params={"attempt": attempt})
        return self._driver.run(bytes_of(ask)).decode("utf-8", "replace")

    def cancel(self) -> Job:
        """Stop it and its children."""
        return self._act("cancel")

    def rerun(self) -> Job:
        """Run it again; its old results stay."""
        return self._act("rerun")

    def _act(self, verb: str) -> Job:
        self.facts = self._driver.run(json_of(Ask("POST", f"{PATH}/{self.id}/{verb}")))
        return self

    def _json(self, part: str) -> Any:
        return self._driver.run(json_of(Ask("GET", f"{PATH}/{self.id}{part}")))


class Jobs:
    """The jobs of a server."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def get(self, job: int) -> Job:
        """Return a job by its id; raises NotFound."""
        return Job(self._driver, self._driver.run(json_of(Ask("GET", f"{PATH}/{job}"))))

    def find(self, **filters: Any) -> Iterator[Job]:
        """Yield jobs, newest first; filters are those of GET /api/v1/jobs."""
        return (Job(self._driver, facts) for facts in pages(self._driver.run, PATH, "jobs", filters))

    def __iter__(self) -> Iterator[Job]:
        return self.find()
