"""Named starting points for a plan, and the reading of options that people and programs give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.studies.plan import StudyPlan

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"n_experiments": 3, "n_init": 3},
    "standard": {},
    "thorough": {"n_experiments": 20, "n_init": 30, "max_k": 15},
}
LEGACY = {"score": "legacy", "assignment": "distance"}


def plan_of(options: Mapping[str, Any]) -> StudyPlan:
    """Return the plan of given options; None counts as not given.

    Besides the fields of `StudyPlan`: `preset` (quick, standard or thorough) gives defaults, and
    `legacy` true means the older service's score and assignment.

    Raises:
        InvalidInput: for an unknown option or preset, or a value out of its range.
    """
    given = {name: value for name, value in options.items() if value is not None}
    preset = given.pop("preset", "standard")
    legacy = LEGACY if given.pop("legacy", False) else {}
    if preset not in PRESETS:
        raise InvalidInput(f"There is no preset {preset!r}.", hint=f"Use {', '.join(PRESETS)}.")
    return StudyPlan.from_json(PRESETS[preset] | legacy | given)
