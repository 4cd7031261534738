"""How rows are clustered: as somebody asks for it, and as a task has it."""

from __future__ import annotations

from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

import strawberry

from shoal.live.model import Algorithm as Wanted
from shoal.live.model import Pace, Wish
from shoal.server.cluserve.fields import part
from shoal.server.cluserve.scalars import JSON, Long

SPACES = MappingProxyType({"real": "euclid", "vectors": "euclid", "cosine": "cosinus"})
_PACE = frozenset(each.name for each in fields(Pace))


@strawberry.input(name="AlgorithmInput", description="How rows are clustered; null is as by default.")
class AlgorithmInput:
    """How rows are clustered; null is as by default."""

    name: str | None = strawberry.field(default=None, description="mcmc (default), kmeans or streaming")
    iter: Long | None = strawberry.field(default=None, description="most iterations of a run; 0: no bound")
    data_per_iter: Long | None = strawberry.field(default=None, description="new rows that start a run")
    iter_per_data: Long | None = strawberry.field(default=None, description="iterations that a row grants")
    iter_freq: float | None = strawberry.field(default=None, description="most iterations in a second")
    data_freq: float | None = strawberry.field(default=None, description="most rows in a second")
    flow: bool | None = strawberry.field(default=None, description="update centres by each row once")
    mu: float | None = strawberry.field(default=None, description="streaming: mean of the relative distance")
    sigma: float | None = strawberry.field(default=None, description="streaming: its standard deviation")
    out_ratio: float | None = strawberry.field(default=None, description="streaming: from where on outlying")
    out_after: Long | None = strawberry.field(default=None, description="streaming: rows before outliers")
    amp: float | None = strawberry.field(default=None, description="mcmc: how much a smaller loss is worth")
    b: float | None = strawberry.field(default=None, description="mcmc: what a cluster costs")
    k: Long | None = strawberry.field(default=None, description="kmeans: number of clusters")
    k_init: Long | None = strawberry.field(default=None, description="mcmc: clusters at the start")
    init_k: Long | None = strawberry.field(default=None, description="another name of kInit")
    max_k: Long | None = strawberry.field(default=None, description="most clusters")
    timeout: float | None = strawberry.field(default=None, description="longest run, in seconds")
    space: str | None = strawberry.field(default=None, description="euclid, cosinus, series or complex")
    inner_space: str | None = strawberry.field(default=None, description="series: space of their elements")
    window: Long | None = strawberry.field(default=None, description="series: most that steps drift apart")
    until: str | None = strawberry.field(default=None, description="ends a run: `rows >= 9 and settled`")
    num_cpu: Long | None = strawberry.field(
        name="numCPU", default=None, description="processors when parallel; 0: all"
    )
    frame_size: Long | None = strawberry.field(default=None, description="rows that are kept; 0: all")
    parallel: bool | None = strawberry.field(default=None, description="true or 1: spread kmeans over numCPU")
    init: str | None = strawberry.field(default=None, description="kmeans_pp, random or given")
    method: str | None = strawberry.field(default=None, description="mcmc, streaming: which of their rules")
    shape: str | None = strawberry.field(default=None, description="mcmc: shape of clusters")
    min_share: float | None = strawberry.field(default=None, description="mcmc: smallest share of a cluster")
    scale: str | None = strawberry.field(default=None, description="none, std or robust")
    half_life: float | None = strawberry.field(default=None, description="rows until one counts half")
    random_state: Long | None = strawberry.field(default=None, description="seed of all draws")

    def plain(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a wish calls algorithm and pace."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        if (k_init := given.pop("k_init", None)) is not None:
            given.setdefault("init_k", k_init)
        for name in ("name", "space", "inner_space", "init"):
            if name in given:
                given[name] = given[name].lower()
        for name in ("space", "inner_space"):
            if name in given:
                given[name] = SPACES.get(given[name], given[name])
        pace = {name: given.pop(name) for name in _PACE & given.keys()}
        return given, pace


@strawberry.type(name="algorithm", description="How a task clusters; null is the algorithm's own default.")
class Algorithm:
    """How a task clusters; null is the algorithm's own default."""

    name: str
    iter: Long
    data_per_iter: Long
    iter_per_data: Long
    iter_freq: float
    data_freq: float
    flow: bool
    mu: float | None
    sigma: float | None
    out_ratio: float | None
    out_after: Long | None
    amp: float | None
    b: float | None
    k: Long | None
    init_k: Long | None
    max_k: Long | None
    timeout: float
    space: str
    inner_space: str
    window: Long
    num_cpu: Long = strawberry.field(name="numCPU")
    frame_size: Long
    parallel: bool
    until: str
    init: str | None
    given: JSON | None
    method: str | None
    shape: str | None
    min_share: float | None
    scale: str
    half_life: float | None
    random_state: Long

    @part("mcmc: clusters at the start")
    def k_init(self) -> Long | None:
        """Return what `initK` says, by its other name."""
        return self.init_k

    @classmethod
    def of(cls, wish: Wish) -> Algorithm:
        """Return a wish's algorithm."""
        known = {each.name for each in fields(Wanted)} | _PACE
        given = {**asdict(wish.algorithm), **asdict(wish.pace)}
        return cls(**{name: value for name, value in given.items() if name in known})
