"""A live task as a host follows it, without an office: its log, what is told, and turns by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.live.host.around import Around
from shoal.live.host.followed import Followed
from shoal.live.log.record import encoded, payload_of
from shoal.live.model import Algorithm, Pace, Wish
from shoal.live.plain import plain

SLICE = 0.005


class Task:
    """Feed one task's log and follow it; `told` is everything the office would hear."""

    def __init__(self, home: Path, wish: Wish, *, checkpoint: float = 1e9, state: str = "ready") -> None:
        self.folder = home / "task"
        self.wish = wish
        self.told: list[dict[str, Any]] = []
        self.logged: list[str] = []
        self.end = 0
        self.run = 1
        self.base = 0
        self._around = Around(
            lambda said: self.told.append(dict(said)), _at_once, self.logged.append, checkpoint
        )
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        self.followed = self.assign(state)

    def assign(self, state: str = "running", **more: Any) -> Followed:
        """Follow the task anew, as a host does that has just begun."""
        said = {
            "task": "task", "folder": str(self.folder), "wish": plain(self.wish), "run": self.run,
            "state": state, "dim": None, "base": self.base, "timeout_left": None, "turn": 1,
        }  # fmt: skip
        self.followed = Followed(said | more, self._around)
        self.followed.heard_rows({"end": self.end})
        return self.followed

    def push(self, rows: Any, *, at: int = 0) -> None:
        """Append rows to the log, and say so."""
        rows = rows if isinstance(rows[0], np.ndarray) and rows[0].ndim == 2 else np.asarray(rows, np.float64)
        payload, n, dim = payload_of(rows)
        path = self.folder / "log" / f"{0:016d}.rows"
        with path.open("ab") as file:
            file.write(encoded(payload, self.end, n, dim, at))
        self.end += n
        self.followed.heard_rows({"end": self.end, "dim": dim})

    def play(self, **said: Any) -> None:
        """Let it run."""
        self.followed.played({"turn": 1, "timeout": 0, **said})

    def turns(self, seconds: float = 20.0, until: Callable[[], bool] | None = None) -> None:
        """Give it turns until nothing is due (or until something is so)."""
        ended = monotonic() + seconds
        while monotonic() < ended and not (until is not None and until()):
            due = self.followed.due(monotonic())
            if due > ended:
                return
            sleep(max(0.0, due - monotonic()))
            self.followed.turn(monotonic() + SLICE)
        if until is not None and not until():
            raise AssertionError("that did not come true in time")

    def said(self, op: str) -> list[dict[str, Any]]:
        """Return what was told by an op."""
        return [each for each in self.told if each["op"] == op]

    @property
    def summary(self) -> dict[str, Any]:
        """Return the last summary that was told."""
        return self.said("summary")[-1]

    @property
    def centres(self) -> NDArray[np.float64]:
        """Return the centres (k, d), sorted."""
        return sorted_centres(self.summary)

    @property
    def events(self) -> list[tuple[str, str]]:
        """Return the names and kinds of events, each once, in order."""
        return list({each["name"]: (each["name"], each["kind"]) for each in self.said("event")}.values())


def sorted_centres(summary: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the centres (k, d) of a summary, sorted."""
    return np.array(sorted(each["centre"] for each in summary["clusters"]))


def a_wish(algorithm: str = "kmeans", pace: Pace | None = None, **more: Any) -> Wish:
    """Return a wish of an algorithm's name and fields."""
    return Wish(algorithm=Algorithm(name=algorithm, **more), pace=pace or Pace())  # type: ignore[arg-type]


def blobs(
    n: int, centres: Any = ((0.0, 0.0), (10.0, 0.0), (0.0, 10.0)), seed: int = 0, spread: float = 0.5
) -> NDArray[np.float64]:
    """Return rows around centres, in mixed order."""
    random = np.random.default_rng(seed)
    places = np.asarray(centres, np.float64)
    chosen = random.integers(len(places), size=n)
    return places[chosen] + spread * random.standard_normal((n, places.shape[1]))


def _at_once(action: Callable[[], None]) -> None:
    action()
