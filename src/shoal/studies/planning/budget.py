"""A plan that fits into the time there is."""

from __future__ import annotations

import re
from dataclasses import replace

from shoal.base.errors import InvalidInput
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.estimate import estimate
from shoal.studies.wording import counted, duration, listed

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
# Fewer restarts cost little, for repeats restart too. Fewer than three repeats hardly show how sure it is.
LEAST_STARTS, LEAST_REPEATS = 2, 3


def parse_budget(text: str) -> float:
    """Return the seconds in `60`, `60s`, `2min` or `1h`.

    Raises:
        InvalidInput: it is none of these.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if not found or found[2] not in _UNITS or float(found[1]) <= 0:
        raise InvalidInput(f"The budget is {text!r}.", hint="Give a time such as 60s, 2min or 1h.")
    return float(found[1]) * _UNITS[found[2]]


def fit_budget(
    plan: StudyPlan, seconds: float, rows: int, columns: int, workers: int
) -> tuple[StudyPlan, str]:
    """Return the plan with as many restarts and repeats as fit into `seconds`, and what changed, in words.

    Restarts go first, down to two, then repeats, down to three, then both to one. A budget that is too
    short even then is said.
    """
    small = plan
    for name, least in (
        ("n_init", LEAST_STARTS),
        ("n_experiments", LEAST_REPEATS),
        ("n_init", 1),
        ("n_experiments", 1),
    ):
        small = _shrunk(small, name, least, seconds, rows, columns, workers)
    return small, _told(plan, small, seconds, estimate(small, rows, columns, workers).seconds)


def _shrunk(
    plan: StudyPlan, name: str, least: int, seconds: float, rows: int, columns: int, workers: int
) -> StudyPlan:
    """Return the plan with the largest value from `least` up to the present one that fits, else `least`."""
    low, high = least, getattr(plan, name)
    if high <= low:
        return plan
    while low < high:
        middle = (low + high + 1) // 2
        fits = estimate(_with(plan, name, middle), rows, columns, workers).seconds <= seconds
        low, high = (middle, high) if fits else (low, middle - 1)
    return _with(plan, name, low)


def _with(plan: StudyPlan, name: str, value: int) -> StudyPlan:
    return replace(plan, n_init=value) if name == "n_init" else replace(plan, n_experiments=value)


def _told(plan: StudyPlan, small: StudyPlan, seconds: float, expected: float) -> str:
    changes = []
    if small.n_init != plan.n_init:
        changes.append(f"{counted(small.n_init, 'start')} per fit instead of {plan.n_init}")
    if small.n_experiments != plan.n_experiments:
        changes.append(f"{counted(small.n_experiments, 'repeat')} instead of {plan.n_experiments}")
    text = f"To stay within {duration(seconds)}: {listed(changes)}." if changes else ""
    if expected > seconds:
        text += (
            f" It will still take about {duration(expected)}; fewer clusters (--max-k) or columns would help."
        )
    return text.strip()
