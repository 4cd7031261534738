"""A study and its fits, as rooms above see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Summary


class StudyState(StrEnum):
    """Where a study stands; the words are those of jobs."""

    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


class Source(TypedDict):
    """The dataset as it was: what a study needs to be told and repeated without it.

    `sha256` is that of the file, `table_sha256` that of the table read from it, `key` where the table is.
    """

    id: str
    version: int
    name: str
    rows: int
    columns: list[str]
    sha256: str
    table_sha256: str
    key: str


class Facts(TypedDict):
    """What choosing columns and rows came to; `distinct` rows bound the number of clusters."""

    rows: int
    distinct: int
    dropped: int
    filled: int
    asked_max_k: int
    constant: list[str]
    left: str


class Study(NamedTuple):
    """One study; `summary` is there once it has succeeded, `plan.columns` and `plan.min_members` always."""

    id: str
    name: str
    owner: str
    dataset: str
    dataset_version: int
    source: Source
    plan: StudyPlan
    facts: Facts
    state: StudyState
    generation: int
    created: int
    started: int
    finished: int | None
    error: str
    summary: Summary | None
    artifact: str

    @property
    def seconds(self) -> float:
        """Return how long it ran, 0 while it does."""
        return (self.finished - self.started) / 1e6 if self.finished else 0.0


@dataclass(frozen=True, slots=True)
class Fit:
    """One fit that ended: its scores in the study's sign (higher is better), or why it failed.

    `degenerate` says that a cluster lies on a line or a point, so that the scores mean nothing.
    """

    fit: int
    experiment: int
    k: int
    covariance: str
    state: str = "succeeded"
    bic: float | None = None
    aic: float | None = None
    icl: float | None = None
    log_likelihood: float | None = None
    sizes: tuple[int, ...] = ()
    seconds: float = 0.0
    degenerate: bool = False
    error: str = ""
    params: str = ""

    @property
    def smallest(self) -> int:
        """Return the size of the smallest of the k clusters, 0 when one is empty and for a failed fit."""
        return min(self.sizes, default=0) if len(self.sizes) == self.k else 0

    def as_json(self) -> dict[str, Any]:
        """Return what tables of fits show."""
        names = ("fit", "experiment", "k", "covariance", "state", "bic", "aic", "icl", "log_likelihood")
        return {name: getattr(self, name) for name in names} | {
            "sizes": list(self.sizes),
            "seconds": self.seconds,
            "degenerate": self.degenerate,
            "error": self.error,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Fit:
        """Read what `as_json` wrote, or a row of the table."""
        names = cls.__dataclass_fields__
        known = {name: value for name, value in content.items() if name in names}
        return cls(**known | {"sizes": tuple(known.get("sizes") or ())})


class Progress(NamedTuple):
    """How far a study is: fits of this run that ended, of them failed, and of all its fits."""

    state: StudyState
    total: int
    done: int
    failed: int

    def sentence(self, seconds: float) -> str:
        """Return `428 of 600 fits, 71%. About 4 s left, 43 fits/s.` after `seconds` of running."""
        from shoal.studies.wording import remaining

        share = self.done / self.total if self.total else 1.0
        text = f"{self.done:,} of {self.total:,} fits, {share:.0%}."
        if self.done >= self.total:
            return text
        if seconds <= 0 or self.done < max(1, min(10, self.total // 20)):
            return f"{text} Estimating the time left."
        rate = self.done / seconds
        left = remaining((self.total - self.done) / rate).capitalize()
        return f"{text} {left} left, {rate:.3g} fits/s."
