"""What a study tries: the numbers of clusters, shapes, restarts and repeats, and how it chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from shoal.base.errors import InvalidInput
from shoal.clustering.modes import MODE_NAMES

Select = Literal["best", "mean"]
Score = Literal["correct", "legacy"]
Assignment = Literal["likelihood", "distance"]
Missing = Literal["drop", "impute"]

# The server's own limits; `max_k` and `fits` may be lowered by settings.
RANGES = {"n_experiments": (1, 100), "max_k": (1, 100), "n_init": (1, 100), "seed": (0, 2**63 - 1)}
CHOICES: dict[str, tuple[str, ...]] = {
    "select": get_args(Select),
    "score": get_args(Score),
    "assignment": get_args(Assignment),
    "missing": get_args(Missing),
}
MAX_FITS = 100_000
WORDS = {
    "n_experiments": "The number of repeats",
    "max_k": "The largest number of clusters",
    "n_init": "The number of starts per fit",
    "min_members": "The smallest cluster",
    "seed": "The seed",
}


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Hold what to try; every field is checked when a plan is made.

    Args:
        columns: names to cluster by; None takes the number columns that are no place, id or constant.
        n_experiments: repeats of the whole grid, 1 to 100.
        max_k: numbers of clusters tried are 1 to `max_k`.
        n_init: restarts of each fit, 1 to 100.
        covariances: names from `shoal.clustering.modes.MODE_NAMES`.
        scale: bring every column to mean 0 and standard deviation 1 (ddof 0).
        min_members: rows the smallest cluster of a recommended fit has at least; None: `default_min_members`.
        select: `best` takes the best score of all repeats, `mean` the best mean score.
        score: `correct` is the likelihood, `legacy` the older service's score (unsquared distances).
        assignment: `likelihood` is classification EM, `distance` the older service's algorithm.
        seed: every fit draws from a stream of its own that comes from this.
        missing: `drop` leaves rows with gaps out, `impute` fills them with the column's median.
        former: the values `max_k` had before the study was extended, in time order.

    Raises:
        InvalidInput: naming every field that is wrong in `details["errors"]`.
    """

    columns: tuple[str, ...] | None = None
    n_experiments: int = 10
    max_k: int = 10
    n_init: int = 10
    covariances: tuple[str, ...] = MODE_NAMES
    scale: bool = True
    min_members: int | None = None
    select: Select = "best"
    score: Score = "correct"
    assignment: Assignment = "likelihood"
    seed: int = 0
    missing: Missing = "drop"
    former: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check(self)

    @property
    def n_fits(self) -> int:
        """Return how many fits the plan has."""
        return self.n_experiments * self.max_k * len(self.covariances)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON-able values; `from_json` reads it back."""
        lists = {"columns": self.columns and list(self.columns), "covariances": list(self.covariances)}
        return asdict(self) | lists | {"former": list(self.former)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> StudyPlan:
        """Make a plan from named options; lists may be comma-separated text.

        Raises:
            InvalidInput: for an option that does not exist, or a value it cannot have.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(content) - known):
            raise InvalidInput(
                f"A study has no option {unknown[0]!r}.", hint=f"Options: {', '.join(sorted(known))}."
            )
        return cls(**{name: _value(name, value) for name, value in content.items() if value is not None})

    def for_rows(self, rows: int) -> StudyPlan:
        """Return the plan with what depends on the number of rows settled: `max_k` and `min_members`."""
        least = default_min_members(rows) if self.min_members is None else self.min_members
        return replace(self, max_k=max(1, min(self.max_k, rows)), min_members=least)

    def extended(self, max_k: int) -> StudyPlan:
        """Return the plan with a larger `max_k`, remembering the present one.

        Raises:
            InvalidInput: `max_k` is not larger.
        """
        if max_k <= self.max_k:
            raise InvalidInput(
                f"Up to {self.max_k} clusters are tried already.", hint="Give a larger number."
            )
        return replace(self, max_k=max_k, former=(*self.former, self.max_k))


def default_min_members(rows: int) -> int:
    """Return 30, or 5% of the rows rounded down where that is less, but at least 2."""
    return max(2, min(30, rows * 5 // 100))


def check(plan: StudyPlan, *, max_k: int = RANGES["max_k"][1], fits: int = MAX_FITS) -> None:
    """Raise `InvalidInput` with every field that is out of its range or the server's limits."""
    problems = _problems(plan, max_k)
    if not problems and plan.n_fits > fits:
        problems["n_experiments"] = f"{plan.n_fits:,} fits are asked for; the limit here is {fits:,}."
    if problems:
        raise InvalidInput(next(iter(problems.values())), errors=problems)


def _problems(plan: StudyPlan, max_k: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, (low, high) in (RANGES | {"max_k": (1, max_k), "min_members": (1, 2**53)}).items():
        value = getattr(plan, name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            found[name] = f"{WORDS[name]} is {value!r}; it can be {_span(low, high)}."
    for name, choices in CHOICES.items():
        if getattr(plan, name) not in choices:
            found[name] = f"{name} is {getattr(plan, name)!r}; it can be {' or '.join(choices)}."
    if not isinstance(plan.scale, bool):
        found["scale"] = f"scale is {plan.scale!r}; it can be true or false."
    return found | _list_problems(plan)


def _list_problems(plan: StudyPlan) -> dict[str, str]:
    found: dict[str, str] = {}
    unknown = [name for name in plan.covariances if name not in MODE_NAMES]
    if unknown:
        found["covariances"] = f"There is no shape {unknown[0]!r}; there are {', '.join(MODE_NAMES)}."
    elif not plan.covariances or len(set(plan.covariances)) < len(plan.covariances):
        found["covariances"] = "Choose at least one shape, each once."
    if plan.columns is not None and not plan.columns:
        found["columns"] = "Choose at least one column."
    elif plan.columns is not None and len(set(plan.columns)) < len(plan.columns):
        found["columns"] = "A column is named twice."
    return found


def _span(low: int, high: int) -> str:
    return f"{low} to {high}" if high < 2**53 else f"{low} or more"


def _value(name: str, value: Any) -> Any:
    if name in ("columns", "covariances", "former"):
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else tuple(value)
    return value
