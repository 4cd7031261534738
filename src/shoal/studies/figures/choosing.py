"""Which fits are shown, and their labels: those recommended, or others chosen by another smallest cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.studies.model import Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.results.parameters import find
from shoal.studies.results.scoring import as_best, candidates, choose, nearest_miss, score_cells
from shoal.studies.summary import Best, Summary
from shoal.studies.work.fitting import Work
from shoal.studies.work.rows import rows_at
from shoal.studies.work.summing import open_fit

Labels = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Chosen:
    """Hold a summary with what belongs to the fits it recommends; `rows` are places in the table."""

    summary: Summary
    rows: NDArray[np.int64]
    labels: Mapping[str, Labels]
    certainty: NDArray[np.float32]


def as_recorded(spec: Mapping[str, Any], context: Work) -> Chosen:
    """Return what the study's last job kept."""
    with context.files.open(spec["artifact"]) as file, np.load(file, allow_pickle=False) as arrays:
        labels = {
            name.removeprefix("labels:"): arrays[name] for name in arrays.files if name.startswith("labels:")
        }
        certainty, left_out = arrays["certainty"], arrays["left_out"]
    there = np.ones(spec["summary"]["rows"] + len(left_out), bool)
    there[left_out] = False
    return Chosen(spec["summary"], np.flatnonzero(there), labels, certainty)


def chosen_again(
    recorded: Chosen,
    spec: Mapping[str, Any],
    context: Work,
    plan: StudyPlan,
    fits: Sequence[Fit],
    least: int,
) -> Chosen:
    """Choose among a study's fits with another smallest cluster; labels that were not kept are made again."""
    usable, other = candidates(fits), replace(plan, min_members=least)
    chosen = choose(usable, other)
    summary: Any = dict(recorded.summary) | {
        "min_members": least,
        "best": as_best(chosen.best.fit.fit) if chosen.best else None,
        "recommended": {mode: as_best(choice.fit.fit) for mode, choice in chosen.per_mode.items()},
        "unavailable": {
            mode: size for mode, size in nearest_miss(usable, other).items() if mode not in chosen.per_mode
        },
        "wins": {str(k): times for k, times in chosen.wins.items()},
        "scores": score_cells(usable, other),
    }
    labels: dict[str, Labels] = {}
    for mode, choice in chosen.per_mode.items():
        kept = recorded.summary["recommended"].get(mode)
        if kept is not None and kept["fit"] == choice.fit.fit.fit:
            labels[mode] = recorded.labels[mode]
        elif spec["labels"]:
            labels[mode] = single_fit(spec, context, plan, choice.fit.fit)[1]
    same = recorded.summary["best"] is not None and summary["best"] == recorded.summary["best"]
    certainty = recorded.certainty if same else np.zeros(0, np.float32)
    return Chosen(summary, recorded.rows, labels, certainty)


def single_fit(spec: Mapping[str, Any], context: Work, plan: StudyPlan, fit: Fit) -> tuple[Best, Labels]:
    """Return any fit with its labels (n,) from 0, from its parameters or by running it again."""
    with context.files.open(fit.params) as file:
        parameters = find(file.read(), fit.fit)
    opened = open_fit(rows_at(context.files.path(spec["key"]), plan), plan, fit, lambda _: parameters)
    return as_best(fit), opened.labels
