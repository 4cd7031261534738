"""A live task as the rooms above see it: what it is asked to do, and what it has found so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from shoal.live.states import State

AlgorithmName = Literal["mcmc", "kmeans", "streaming"]
Space = Literal["euclid", "cosinus", "complex", "series"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How rows are clustered; None means the algorithm's own default.

    `flow` updates centres by each row once instead of iterating over the frame. `window` is that of the
    dynamic time warping of series, whose elements are compared in `inner_space`.
    """

    name: AlgorithmName = "mcmc"
    k: int | None = None
    init_k: int | None = None
    max_k: int | None = None
    init: str | None = None
    given: Sequence[Sequence[float]] | None = None
    mu: float | None = None
    sigma: float | None = None
    out_ratio: float | None = None
    out_after: int | None = None
    amp: float | None = None
    b: float | None = None
    method: str | None = None
    shape: str | None = None
    min_share: float | None = None
    space: Space = "euclid"
    inner_space: Space = "euclid"
    window: int = 0
    scale: Literal["none", "std", "robust"] = "none"
    frame_size: int = 0
    half_life: float | None = None
    flow: bool = False
    random_state: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how fast a task runs; 0 means no bound.

    A run ends when `iterations >= iter + pushed rows * iter_per_data`, if one of both is given, or when
    `until` is so, a condition of `base.ending`. `timeout` is in seconds; the frequencies are the most turns
    and the most rows in a second. With `parallel`, kmeans on vectors is spread over `num_cpu` processes (0:
    one for each processor), as `shards` does; elsewhere both have no effect.
    """

    iter: int = 0
    data_per_iter: int = 0
    iter_per_data: int = 0
    iter_freq: float = 0.0
    data_freq: float = 0.0
    timeout: float = 0.0
    num_cpu: int = 0
    parallel: bool = False
    until: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A live task as somebody asks for it.

    `columns` names the columns of the rows that will come, `variables` those of them that are clustered (all
    when empty), `identifier` the column that names a row, `predictions` columns whose mean per cluster is
    kept. `dataset` is the id of a dataset whose rows go ahead. `shards` is over how many hosts it is spread.
    """

    name: str = ""
    columns: Sequence[str] = ()
    variables: Sequence[str] = ()
    identifier: str | None = None
    predictions: Sequence[str] = ()
    algorithm: Algorithm = Algorithm()
    pace: Pace = Pace()
    dataset: str | None = None
    shards: int = 1


class Fault(NamedTuple):
    """Why a task failed: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class LiveTask:
    """A live task as it is in the database; times are microseconds.

    `run` counts initialisations: what is told of an earlier run is out of date. `pushed` is how many rows
    this run has had, `rows` how many the task was ever sent. `base` is the row at which this run's counting
    began, `played_row` that of the last play, `turn` the number of plays; `then` is what initialising is for.
    """

    id: str
    owner: str
    wish: Wish
    state: State
    error: Fault | None
    run: int
    dim: int | None
    rows: int
    pushed: int
    created: int
    changed: int
    played: int | None
    ended: int | None
    base: int = 0
    played_row: int = 0
    turn: int = 0
    then: State | None = None

    @property
    def failed(self) -> bool:
        """Say whether the task ended by an error."""
        return self.error is not None and self.state is State.FINISHED


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: its lasting identity, its centre in the rows' own units, and what it holds.

    `centre` is a list of numbers, or a list of vectors for series. `rows` is how many rows of the frame it
    holds, `share` their part of the frame, `born` when it appeared.
    """

    id: int
    centre: Sequence[Any]
    rows: float
    share: float
    born: int
    radius: float | None = None
    predictions: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a task has found so far; `at` is when, `row` up to which row of the log it has read.

    `metrics` are numbers by their names: iterations, duration (s), last_data (µs), inertia, silhouette,
    davies_bouldin, rows_per_second, and the algorithm's own (rho, lambda, acceptations, ...).
    """

    task: str
    run: int
    at: int
    row: int
    iterations: int
    pushed: int
    clusters: Sequence[Cluster] = ()
    noise: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One thing that happened in a task; `seq` is the token to resume from."""

    seq: int
    task: str
    run: int
    row: int
    kind: str
    detail: Mapping[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What is new of a task: its row in the database, what it has found, or an event."""

    task: str
    state: LiveTask | None = None
    summary: Summary | None = None
    event: LiveEvent | None = None
    deleted: bool = False
