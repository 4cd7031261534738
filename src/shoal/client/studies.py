"""Studies of a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.client.calls import API, Ask, bytes_of, json_of, nothing, pages
from shoal.client.driver import Driver
from shoal.client.jobs import Job
from shoal.client.patience import waited

PATH = f"{API}/studies"


class StudyFailed(ShoalError):
    """Say that a study ended without a result."""

    code = "study_failed"
    status = 409


class Study:
    """One study on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: dict[str, Any]) -> None:
        self._driver = driver
        self.facts = facts

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.facts["id"])

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.facts["name"])

    @property
    def state(self) -> str:
        """Return running, succeeded, failed or cancelled."""
        return str(self.facts["state"])

    @property
    def progress(self) -> dict[str, int]:
        """Return how many fits there are (`total`), have ended (`done`) and have failed (`failed`)."""
        return dict(self.facts["progress"])

    @property
    def summary(self) -> dict[str, Any] | None:
        """Return what it found, None before it has succeeded."""
        found: dict[str, Any] | None = self.facts["summary"]
        return found

    def refresh(self) -> Study:
        """Look again."""
        self.facts = self._driver.run(json_of(Ask("GET", f"{PATH}/{self.id}")))
        return self

    def wait(
        self, *, timeout: float | None = None, on_change: Callable[[Study], object] | None = None
    ) -> Study:
        """Return when it has ended; `on_change` is called with each new state of it.

        Raises:
            StudyFailed: it failed or was cancelled.
            TimeoutError: it runs longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        for facts in waited(self._driver, f"{PATH}/{self.id}", self.facts, end):
            self.facts = facts
            if on_change is not None:
                on_change(self)
        if self.state != "succeeded":
            why = self.facts["error"] or "It has no result."
            raise StudyFailed(f"The study {self.id} {_ended(self.state)}.", hint=why, study=self.id)
        return self

    def fits(self) -> list[dict[str, Any]]:
        """Return the fits that have ended."""
        found: list[dict[str, Any]] = self._get_json("fits")["fits"]
        return found

    def document(self) -> dict[str, Any]:
        """Return `study.json`: everything that is needed to read, check and repeat it."""
        found: dict[str, Any] = self._get_json("study.json")
        return found

    def labels(self, *, raw: bool = False) -> bytes:
        """Return `labels.csv`: the file's own columns and the cluster of each row.

        Raises:
            Conflict: it has no result.
        """
        return self._get("labels.csv", raw=str(raw).lower())

    def report(self) -> bytes:
        """Return `report.html`; raises Conflict when it has no result."""
        return self._get("report.html")

    def model(self, form: str = "json", *, covariance: str | None = None) -> bytes:
        """Return the recommended fit as a file for other programs: `json` or `npz`; never a pickle.

        Raises:
            Conflict: it has no result.
            NotFound: it recommends no fit (of this shape).
        """
        return self._get(f"model.{form}", covariance=covariance)

    def download(self, part: str, **params: Any) -> Iterator[bytes]:
        """Yield a file of it in pieces: labels.csv, report.html, study.json or fits.csv."""
        given = {name: _text(value) for name, value in params.items()}
        return self._driver.download(Ask("GET", f"{PATH}/{self.id}/{part}", params=given, patience=600))

    def predict(
        self, path: str | Path, *, delimiter: str | None = None, raw: bool = False
    ) -> Iterator[bytes]:
        """Yield the rows of a file with their clusters (`Label`, `Certainty`) as CSV.

        Raises:
            InvalidInput: the file cannot be read, or has not the study's columns.
            Conflict: the study has no result.
        """
        file = Path(path)
        params = {"name": file.name, "delimiter": delimiter, "raw": _text(raw)}
        ask = Ask("POST", f"{PATH}/{self.id}/predict", params=params, upload=file, patience=600)
        return self._driver.download(ask)

    def compare(self, other: str | None = None, *, column: str | None = None) -> dict[str, Any]:
        """Return how alike its clusters are to another study's, or to a column of its file."""
        params = {"other": other, "column": column}
        ask = Ask("GET", f"{PATH}/{self.id}/compare", params=params, patience=600)
        found: dict[str, Any] = self._driver.run(json_of(ask))
        return found

    def open_fit(self, fit: int) -> Job:
        """Have the labels of a fit made; when that job has ended: `download("labels.csv", opened=job.id)`."""
        return Job(self._driver, self._driver.run(json_of(Ask("POST", f"{PATH}/{self.id}/fits/{fit}/open"))))

    def cancel(self) -> Study:
        """Stop it; raises Conflict when it does not run."""
        return self._act("cancel")

    def rerun(self, fits: Sequence[int] | None = None) -> Study:
        """Run fits again; None means those that failed or never ran."""
        return self._act("rerun", {"fits": None if fits is None else list(fits)})

    def extend(self, max_k: int) -> Study:
        """Try larger numbers of clusters too."""
        return self._act("extend", {"max_k": max_k})

    def remove(self) -> None:
        """Delete it; its dataset stays. Raises Conflict while it runs."""
        self._driver.run(nothing(Ask("DELETE", f"{PATH}/{self.id}")))

    def _act(self, verb: str, body: Any = None) -> Study:
        self.facts = self._driver.run(json_of(Ask("POST", f"{PATH}/{self.id}/{verb}", json=body)))
        return self

    def _get(self, part: str, **params: Any) -> bytes:
        return self._driver.run(bytes_of(Ask("GET", f"{PATH}/{self.id}/{part}", params=params, patience=600)))

    def _get_json(self, part: str) -> Any:
        return self._driver.run(json_of(Ask("GET", f"{PATH}/{self.id}/{part}")))


class Studies:
    """The studies of a server."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def submit(self, dataset: str, *, name: str = "", **options: Any) -> Study:
        """Start a study over a dataset; options are those of a plan, and `preset`, `legacy`, `budget`.

        Raises:
            NotFound: there is no such dataset.
            InvalidInput: an option cannot be used; `details["errors"]` tells of each.
        """
        body = {"dataset": dataset, "name": name} | _jsonable(options)
        return Study(self._driver, self._driver.run(json_of(Ask("POST", PATH, json=body))))

    def get(self, study: str) -> Study:
        """Return a study by its id, or the newest for `last`; raises NotFound."""
        return Study(self._driver, self._driver.run(json_of(Ask("GET", f"{PATH}/{study}"))))

    def __iter__(self) -> Iterator[Study]:
        """Yield the studies, newest first, without their summaries."""
        return (Study(self._driver, facts) for facts in pages(self._driver.run, PATH, "studies"))


def _ended(state: str) -> str:
    return "was cancelled" if state == "cancelled" else "failed"


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _jsonable(options: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
