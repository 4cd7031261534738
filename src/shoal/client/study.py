"""One study of a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shoal.base.errors import ShoalError
from shoal.client.async_driver import AsyncDriver
from shoal.client.calls import Ask, Call, Items, bytes_of, json_of, nothing, pages
from shoal.client.driver import Driver
from shoal.client.events import Event, watch
from shoal.client.frames import frame_of
from shoal.client.job import AsyncJob, Job
from shoal.client.methods import Awaiting, Blocking, change, listing, operation, pieces
from shoal.client.watched import Watched

# A report or a prediction of many rows takes its time.
LONG = 600.0


class StudyFailed(ShoalError):
    """Say that a study ended without a result."""

    code = "study_failed"
    status = 409


class _Study(Watched):
    noun = "studies"

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.facts["id"])

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.facts["name"])

    @property
    def progress(self) -> dict[str, int]:
        """Return how many fits there are (`total`), have ended (`done`) and have failed (`failed`)."""
        return dict(self.facts["progress"])

    @property
    def summary(self) -> dict[str, Any] | None:
        """Return what it found, None before it has succeeded."""
        found: dict[str, Any] | None = self.facts["summary"]
        return found

    @operation
    def fits(self) -> Call[list[dict[str, Any]]]:
        """Return the fits that have ended, by id."""
        found: list[dict[str, Any]] = (yield from self._json("/fits"))["fits"]
        return found

    @operation
    def fit(self, number: int) -> Call[dict[str, Any]]:
        """Return one fit with its clusters in the file's units; raises NotFound."""
        found: dict[str, Any] = yield from self._json(f"/fits/{number}")
        return found

    @operation
    def failures(self) -> Call[list[dict[str, Any]]]:
        """Return why fits failed: each reason (`text`), how often (`count`) and which (`fits`)."""
        found: list[dict[str, Any]] = (yield from self._json("/failures"))["failures"]
        return found

    @listing
    def history(self, order: str = "asc") -> Items[dict[str, Any]]:
        """Give what happened to it, as long as events are kept."""
        yield from pages(f"{self.path}/events", "events", {"order": order})

    @listing
    def events(self, *, after: int | None = None) -> Items[Event]:
        """Give what happens to it from now on, or after a number, for ever; breaks are resumed."""
        yield from watch(["studies"], self.id, after)

    @operation
    def document(self) -> Call[dict[str, Any]]:
        """Return `study.json`: everything that is needed to read, check and repeat it."""
        found: dict[str, Any] = yield from self._json("/study.json")
        return found

    @operation
    def labels(self, *, covariance: str | None = None) -> Call[Any]:
        """Return a pandas data frame: the file's own columns and `Label`, the cluster of each row.

        Raises:
            Conflict: it has no result.
            MissingExtra: pandas is not installed; `labels_csv` needs none.
        """
        return frame_of((yield from self._bytes("labels.csv", raw=True, covariance=covariance)))

    @operation
    def labels_csv(self, *, covariance: str | None = None, raw: bool = False) -> Call[bytes]:
        """Return `labels.csv`; cells that a spreadsheet would run are defused unless it is to be `raw`."""
        return (yield from self._bytes("labels.csv", raw=raw, covariance=covariance))

    @operation
    def report(self) -> Call[bytes]:
        """Return `report.html`; raises Conflict when it has no result."""
        return (yield from self._bytes("report.html"))

    @operation
    def figure(self, /, name: str, format: str = "svg", **wish: Any) -> Call[bytes]:
        """Return a figure as svg, png, pdf, json (Vega-Lite) or csv; `wish` are the route's parameters.

        Raises:
            InvalidInput: there is no such figure or column.
            Conflict: it has no result.
        """
        return (yield from self._bytes(f"figures/{name}.{format}", **wish))

    @operation
    def model(self, form: str = "json", *, covariance: str | None = None) -> Call[bytes]:
        """Return the recommended fit as a file for other programs: `json` or `npz`; never a pickle.

        Raises:
            Conflict: it has no result.
            NotFound: it recommends no fit (of this shape).
        """
        return (yield from self._bytes(f"model.{form}", covariance=covariance))

    @pieces
    def download(self, /, part: str, **params: Any) -> Ask:
        """Give a file of it in pieces: labels.csv, report.html, study.json, fits.csv or a model."""
        return Ask("GET", f"{self.path}/{part}", params=params, patience=LONG)

    @pieces
    def predict(self, path: str | Path, *, delimiter: str | None = None, raw: bool = False) -> Ask:
        """Give the rows of a file with their clusters (`Label`, `Certainty`) as CSV, in pieces.

        Raises:
            InvalidInput: the file cannot be read, or has not the study's columns.
            Conflict: the study has no result.
        """
        file = Path(path)
        params = {"name": file.name, "delimiter": delimiter, "raw": raw}
        return Ask("POST", f"{self.path}/predict", params=params, upload=file, patience=LONG)

    @operation
    def compare(self, other: str | None = None, *, column: str | None = None) -> Call[dict[str, Any]]:
        """Return how alike its clusters are to another study's, or to a column of its file."""
        found: dict[str, Any] = yield from self._json("/compare", other=other, column=column)
        return found

    @change
    def rerun(self, fits: Sequence[int] | None = None) -> Call[None]:
        """Run fits again; None means those that failed or never ran."""
        yield from self._act("rerun", {"fits": None if fits is None else list(fits)})

    @change
    def extend(self, max_k: int) -> Call[None]:
        """Try larger numbers of clusters too."""
        yield from self._act("extend", {"max_k": max_k})

    @operation
    def remove(self) -> Call[None]:
        """Delete it; its dataset stays. Raises Conflict while it runs."""
        yield from nothing(Ask("DELETE", self.path))

    def _opened(self, fit: int) -> Call[dict[str, Any]]:
        found: dict[str, Any] = yield from json_of(Ask("POST", f"{self.path}/fits/{fit}/open"))
        return found

    def _bytes(self, part: str, **params: Any) -> Call[bytes]:
        return bytes_of(Ask("GET", f"{self.path}/{part}", params=params, patience=LONG))

    def _check_end(self) -> None:
        if self.state != "succeeded":
            ended = "was cancelled" if self.state == "cancelled" else "failed"
            why = self.facts["error"] or "It has no result."
            raise StudyFailed(f"The study {self.id} {ended}.", hint=why, study=self.id)


class Study(_Study, Blocking):
    """One study on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: Driver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts

    def open_fit(self, fit: int) -> Job:
        """Have the labels of a fit made; when that job has ended: `download("labels.csv", opened=job.id)`."""
        return Job(self._driver, self._driver.run(self._opened(fit)))


class AsyncStudy(_Study, Awaiting):
    """One study on the server, as it was when it was last looked at; `refresh` looks again."""

    def __init__(self, driver: AsyncDriver, facts: dict[str, Any]) -> None:
        super().__init__(driver)
        self.facts = facts

    async def open_fit(self, fit: int) -> AsyncJob:
        """Have the labels of a fit made; when that job has ended: `download("labels.csv", opened=job.id)`."""
        return AsyncJob(self._driver, await self._driver.run(self._opened(fit)))
