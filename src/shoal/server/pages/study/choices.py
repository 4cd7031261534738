"""What the form of a new study says, kept as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import FormData

from shoal.base.errors import InvalidInput, ShoalError
from shoal.clustering.modes import MODE_NAMES
from shoal.server.api.wishes import StudyWish
from shoal.server.pages.forms import text, texts
from shoal.storage.datasets import Dataset
from shoal.studies.model import Study
from shoal.studies.plan import StudyPlan, default_min_members
from shoal.studies.planning.budget import parse_budget
from shoal.studies.planning.columns import choose_columns
from shoal.studies.planning.presets import PRESETS, plan_of

AUTO = "auto"
NUMBERS = ("max_k", "n_experiments", "n_init", "min_members", "seed")
LISTS = ("missing", "select", "score", "assignment")
Errors = dict[str, str]


@dataclass(frozen=True)
class Choices:
    """Hold the form: `columns` are places in the dataset, `values` the texts of the other fields."""

    columns: frozenset[int]
    covariances: tuple[str, ...]
    scale: bool
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Say whether anything that is folded away is not as it is by default."""
        usual = of_plan(StudyPlan(), self.columns)
        same = all(
            self.values.get(name, "") == usual.values[name] for name in usual.values if name != "missing"
        )
        return not same or bool(self.values.get("budget")) or self.scale != usual.scale or self._fewer_shapes

    @property
    def _fewer_shapes(self) -> bool:
        return set(self.covariances) != set(MODE_NAMES)

    def with_preset(self, name: str) -> Choices:
        """Return the choices with what a preset says of repeats, starts and clusters."""
        preset = of_plan(StudyPlan(**PRESETS.get(name, {})), self.columns).values
        kept = {one: preset[one] for one in ("n_experiments", "n_init", "max_k")}
        return replace(self, values={**self.values, **kept})

    def options(self, dataset: Dataset) -> dict[str, Any]:
        """Return what `plan_of` takes; a number that is none stays text, for the plan to refuse."""
        values = self.values
        asked: dict[str, Any] = {name: _number(values.get(name, "")) for name in NUMBERS}
        if asked["min_members"] in (AUTO, ""):
            asked["min_members"] = None
        return asked | {
            **{name: values.get(name, "") for name in LISTS},
            "columns": [one.name for place, one in enumerate(dataset.columns) if place in self.columns],
            "covariances": list(self.covariances),
            "scale": self.scale,
        }

    def wish(self, dataset: Dataset) -> tuple[StudyWish | None, Errors]:
        """Return the wish, or everything that is wrong with the fields by itself."""
        options, errors = self.options(dataset), _name_errors(self.values.get("name", ""))
        try:
            plan_of(options)
        except InvalidInput as error:
            errors |= errors_of(error)
        budget = self.values.get("budget", "").strip()
        try:
            if budget:
                parse_budget(budget)
        except InvalidInput as error:
            errors["budget"] = str(error)
        if errors:
            return None, errors
        name = self.values.get("name", "").strip()
        return StudyWish(dataset=dataset.id, name=name, budget=budget or None, **options), {}


def fresh(dataset: Dataset) -> Choices:
    """Return what a new study of a dataset begins with."""
    try:
        used: frozenset[str] = frozenset(choose_columns(dataset.columns, None).used)
    except InvalidInput:
        used = frozenset()
    return of_plan(StudyPlan(), _places(dataset, used), dataset.name)


def like(study: Study, dataset: Dataset) -> Choices:
    """Return the choices that a study was started with."""
    plan, facts = study.plan, study.facts
    usual = plan.min_members == default_min_members(facts["rows"])
    asked = plan.max_k if plan.former else max(plan.max_k, facts["asked_max_k"])
    plan = replace(plan, former=(), max_k=asked, min_members=None if usual else plan.min_members)
    return of_plan(plan, _places(dataset, frozenset(plan.columns or ())), study.name)


def of_plan(plan: StudyPlan, columns: frozenset[int], name: str = "") -> Choices:
    """Return a plan as a form shows it."""
    numbers = {one: str(getattr(plan, one)) for one in NUMBERS}
    if plan.min_members is None:
        numbers["min_members"] = AUTO
    words: dict[str, str] = {one: getattr(plan, one) for one in LISTS}
    named = {"name": name} if name else {}
    return Choices(columns, plan.covariances, plan.scale, numbers | words | named)


def of_form(form: FormData, dataset: Dataset) -> Choices:
    """Read the form; what it does not say is empty."""
    places = {int(one) for one in texts(form, "column") if one.isascii() and one.isdecimal()}
    known = frozenset(place for place in places if place < len(dataset.columns))
    values = {name: text(form, name).strip() for name in (*NUMBERS, *LISTS, "name", "budget")}
    chosen = tuple(one for one in MODE_NAMES if one in texts(form, "covariances"))
    return Choices(known, chosen, text(form, "scale") == "yes", values)


def usable(dataset: Dataset) -> frozenset[int]:
    """Return the places of the columns that can be chosen."""
    return frozenset(place for place, one in enumerate(dataset.columns) if one.is_number and not one.constant)


def errors_of(error: ShoalError) -> Errors:
    """Return an error by the fields it is about; the empty name is the whole form."""
    told = error.details.get("errors")
    if isinstance(told, Mapping):
        return {str(name): str(words) for name, words in told.items()}
    return {"columns" if "column" in error.details else "": str(error)}


def _places(dataset: Dataset, names: frozenset[str]) -> frozenset[int]:
    return frozenset(place for place, one in enumerate(dataset.columns) if one.name in names)


def _number(value: str) -> int | str:
    plain = value.replace(",", "")
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 20 else value


def _name_errors(name: str) -> Errors:
    if len(name) > 255 or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return {"name": "A name has at most 255 letters, all on one line."}
    return {}
