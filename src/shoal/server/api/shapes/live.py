"""The bodies that tell of live tasks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.bodies import Page, Shape

TaskState = Literal["created", "initializing", "ready", "running", "idle", "finished", "failed"]


class FaultShape(Shape):
    """Why a task failed."""

    code: str
    message: str


class ClusterShape(Shape):
    """A cluster; `id` stays its own while it moves, `centre` is in the rows' own units."""

    id: int
    centre: list[Any]
    rows: float
    share: float
    born: int
    radius: float | None = None
    predictions: dict[str, float] = Field(default_factory=dict)


class SummaryShape(Shape):
    """What a task has found when it had read its rows up to number `row`; `noise` rows are in no cluster."""

    run: int
    at: int
    row: int
    iterations: int
    pushed: int
    noise: int
    clusters: list[ClusterShape]
    metrics: dict[str, float | None]


class LiveLine(Shape):
    """A live task as lists show it; times are UTC microseconds.

    `run` counts initialisations, `pushed` the rows of this one, `rows` all that the task was ever sent; `dim`
    is how many numbers a row has, null before the first. `clusters` is how many it has found.
    """

    id: str
    owner: str
    name: str
    state: TaskState
    error: FaultShape | None
    run: int
    dim: int | None
    rows: int
    pushed: int
    created: int
    changed: int
    played: int | None
    ended: int | None
    iterations: int
    clusters: int | None


class LiveShape(LiveLine):
    """A live task: what it is asked to do, and what it has found."""

    wish: dict[str, Any]
    summary: SummaryShape | None


class LivePage(Page):
    """Live tasks, the newest first."""

    tasks: list[LiveLine]


class PushedShape(Shape):
    """Rows that are on the disk: the number of the first; `duplicate`: their key had brought them before."""

    first: int
    rows: int
    duplicate: bool


class PredictedShape(Shape):
    """The id of each row's cluster (-1: none) with the distance to its centre, or all clusters' shares of it.

    `ids` are those of the clusters, in the order of shares.
    """

    labels: list[int]
    ids: list[int]
    distances: list[float | None] | None
    shares: list[list[float | None]] | None


class CentersShape(Shape):
    """Clusters, and of which columns their centres are."""

    run: int
    row: int
    columns: list[str]
    clusters: list[ClusterShape]


class LabelsShape(Shape):
    """The rows of the frame by their numbers, with the ids of their clusters (-1: none)."""

    rows: list[int]
    labels: list[int]


class HistoryShape(Shape):
    """Metrics over time, oldest first: each entry has `at`, `row`, and the metrics by their names."""

    history: list[dict[str, Any]]


class LiveEventShape(Shape):
    """Something that happened in a task when it had read its rows up to number `row`."""

    seq: int
    run: int
    row: int
    kind: str
    detail: dict[str, Any]
    at: int


class LiveEventPage(Page):
    """What happened in a task, oldest first."""

    events: list[LiveEventShape]


class CopyWish(BaseModel):
    """Ask for a copy; without a name it has the original's."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str | None = Field(default=None, max_length=255, pattern=FREE_TEXT)
