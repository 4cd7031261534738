"""What may be asked of a live task: every field with its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from shoal.base.ending import Judge
from shoal.base.errors import InvalidInput
from shoal.live.model import Algorithm, Pace, Wish

# The older service's three libraries each had names of their own; the first is ours.
INITS: Mapping[str, str] = MappingProxyType(
    {
        "kmeans_pp": "kmeans_pp", "kmeans++": "kmeans_pp", "k-means++": "kmeans_pp", "pp": "kmeans_pp",
        "random": "random", "rand": "random",
        "given": "given",
    }
)  # fmt: skip
MOST_CLUSTERS = 10_000
MOST_COLUMNS = 10_000
_Name = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Column = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Clusters = Annotated[int, Field(ge=1, le=MOST_CLUSTERS)]
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0, le=1e300, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0, le=1e300, allow_inf_nan=False)]


_Vectors = list[list[_Number]]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AlgorithmForm(_Form):
    """How rows are clustered."""

    name: Literal["mcmc", "kmeans", "streaming"] = "mcmc"
    k: _Clusters | None = None
    init_k: _Clusters | None = None
    max_k: _Clusters | None = None
    init: str | None = None
    given: _Vectors | list[_Vectors] | None = Field(default=None, max_length=MOST_CLUSTERS)
    mu: _Number | None = None
    sigma: _NotNegative | None = None
    out_ratio: _NotNegative | None = None
    out_after: Annotated[int, Field(ge=2, lt=1 << 53)] | None = None
    amp: _NotNegative | None = None
    b: _Positive | None = None
    method: _Name | None = None
    shape: _Name | None = None
    min_share: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] | None = None
    space: Literal["euclid", "cosinus", "complex", "series"] = "euclid"
    inner_space: Literal["euclid", "cosinus"] = "euclid"
    window: _Count = 0
    scale: Literal["none", "std", "robust"] = "none"
    frame_size: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    half_life: _Positive | None = None
    flow: bool = False
    random_state: Annotated[int, Field(ge=0, lt=1 << 32)] = 0

    @field_validator("init")
    @classmethod
    def _known_init(cls, init: str | None) -> str | None:
        if init is not None and init.lower() not in INITS:
            raise ValueError(f"this is none of {', '.join(INITS)}")
        return None if init is None else INITS[init.lower()]

    @field_validator("given", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return _lists(given)

    @model_validator(mode="after")
    def _agrees(self) -> AlgorithmForm:
        if self.init_k is not None and self.max_k is not None and self.init_k > self.max_k:
            raise ValueError(f"init_k, {self.init_k}, is over max_k, {self.max_k}")
        if self.k is not None and self.max_k is not None and self.k > self.max_k:
            raise ValueError(f"k, {self.k}, is over max_k, {self.max_k}")
        return self


class PaceForm(_Form):
    """How long and how fast a task runs; 0 means no bound."""

    iter: _Count = 0
    data_per_iter: _Count = 0
    iter_per_data: _Count = 0
    iter_freq: _NotNegative = 0.0
    data_freq: _NotNegative = 0.0
    timeout: _NotNegative = 0.0
    num_cpu: Annotated[int, Field(ge=0, le=1024)] = 0
    parallel: bool = False
    until: str = ""

    @field_validator("until")
    @classmethod
    def _condition(cls, until: str) -> str:
        try:
            Judge(until) if until.strip() else None
        except InvalidInput as error:
            raise ValueError(f"{error.message} {error.hint}") from error
        return until.strip()


class WishForm(_Form):
    """A live task as somebody asks for it."""

    name: _Name = ""
    columns: tuple[_Column, ...] = Field(default=(), max_length=MOST_COLUMNS, strict=False)
    variables: tuple[_Column, ...] = Field(default=(), max_length=MOST_COLUMNS, strict=False)
    identifier: _Column | None = None
    predictions: tuple[_Column, ...] = Field(default=(), max_length=MOST_COLUMNS, strict=False)
    algorithm: AlgorithmForm = AlgorithmForm()
    pace: PaceForm = PaceForm()
    dataset: _Column | None = None
    shards: int = Field(default=1, ge=1, le=64)

    @field_validator("columns", "variables", "predictions")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} stands here twice")
        return names

    @model_validator(mode="after")
    def _named(self) -> WishForm:
        if not self.columns:
            return self
        asked = {
            "variables": self.variables,
            "predictions": self.predictions,
            "identifier": (self.identifier,) if self.identifier else (),
        }
        for field, names in asked.items():
            for name in names:
                if name not in self.columns:
                    raise ValueError(f"{field}: there is no column {name!r} in columns")
        return self

    def wish(self) -> Wish:
        """Return the wish as the room knows it."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        algorithm = Algorithm(**dict(self.algorithm))
        return Wish(**(own | {"algorithm": algorithm, "pace": Pace(**dict(self.pace))}))


def _lists(value: Any) -> Any:
    return [_lists(each) for each in value] if isinstance(value, list | tuple) else value
