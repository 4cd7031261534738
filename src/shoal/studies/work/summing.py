"""Summing a study up: from scored fits and their parameters to what is shown and the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.selection import Recommendation
from shoal.studies.model import Facts, Fit
from shoal.studies.plan import StudyPlan
from shoal.studies.results.parameters import Parameters
from shoal.studies.results.profiles import certainty_of, profiles, whole_spreads
from shoal.studies.results.quality import quality
from shoal.studies.results.relations import components_of, correlation_of, distributions_of
from shoal.studies.results.scoring import (
    Candidate,
    as_best,
    best_by_k,
    candidates,
    choose,
    nearest_miss,
    score_cells,
)
from shoal.studies.results.stability import stability
from shoal.studies.summary import Best, Certainty, Components, Profile, Rival, Stability, Summary
from shoal.studies.telling.notes import Grounds, notes
from shoal.studies.work.fitting import fit_of, parameters_of
from shoal.studies.work.rows import StudyRows

Find = Callable[[Fit], Parameters]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Hold a study's summary and, for each mode with a recommendation, labels (n,) from 0 and parameters.

    `certainty` (n,) are the responsibilities of the best fit's clusters; None without a best fit.
    """

    summary: Summary
    labels: Mapping[str, NDArray[np.int32]]
    parameters: Mapping[str, Parameters]
    certainty: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class _Opened:
    """A recommended fit with its rows."""

    parameters: Parameters
    labels: NDArray[np.int32]
    certainty: NDArray[np.float32]


def sum_up(
    rows: StudyRows, plan: StudyPlan, facts: Facts, fits: Sequence[Fit], find: Find, table: Any = None
) -> Outcome:
    """Sum up all fits of a study; `find` gives the parameters of one, `table` is all of the data."""
    usable = candidates(fits)
    chosen = choose(usable, plan)
    opened = {mode: open_fit(rows, plan, choice.fit.fit, find) for mode, choice in chosen.per_mode.items()}
    best = as_best(chosen.best.fit.fit) if chosen.best else None
    shown = opened[best["covariance"]] if best else None
    summary = _counts(plan, facts, fits, usable, chosen) | _about(rows, plan, best, shown)
    summary |= relations(rows, plan, shown.labels if shown else None, len(best["sizes"]) if best else 0)
    if table is not None:
        summary["correlation"] = correlation_of(table, plan.columns or ())
    return Outcome(
        summary,  # type: ignore[arg-type]
        {mode: one.labels for mode, one in opened.items()},
        {mode: one.parameters for mode, one in opened.items()},
        shown.certainty if shown else None,
    )


def relations(
    rows: StudyRows, plan: StudyPlan, labels: NDArray[np.int32] | None, clusters: int
) -> dict[str, Any]:
    """Return what figures need of all rows: quality, distributions, principal components."""
    prepared, columns = rows.prepared, plan.columns or ()
    found: dict[str, Any] = {"components": _components(rows, columns), "quality": None, "distributions": {}}
    if labels is not None:
        found["quality"] = quality(np.asarray(prepared.packed.rows, np.float64), labels, clusters, plan.seed)
        found["distributions"] = distributions_of(rows.matrix.values, labels, clusters, columns)
    return found


def _components(rows: StudyRows, columns: Sequence[str]) -> Components | None:
    prepared = rows.prepared
    mean = prepared.first / prepared.total
    covariance = prepared.moment / prepared.total - np.outer(mean, mean)
    center = prepared.center + prepared.scale * (prepared.packed.offset + mean)
    return components_of(columns, center, prepared.scale, covariance)


def open_fit(rows: StudyRows, plan: StudyPlan, fit: Fit, find: Find) -> _Opened:
    """Return a fit's labels from its parameters, or by running it again where these do not tell them.

    A search that ended before it came to rest, and one by distance, may leave rows elsewhere than their
    parameters say: then sizes differ.
    """
    parameters = find(fit)
    labels, certainty = parameters.assign(rows.matrix.values)
    if tuple(np.bincount(labels, minlength=len(fit.sizes)).tolist()) != fit.sizes:
        again = fit_of(rows, plan, fit.experiment, fit.k, fit.covariance)
        parameters, labels = parameters_of(rows, plan, again), again.labels
    return _Opened(parameters, labels, certainty)


def _counts(
    plan: StudyPlan,
    facts: Facts,
    fits: Sequence[Fit],
    usable: Sequence[Candidate],
    chosen: Recommendation[Candidate],
) -> dict[str, Any]:
    missed = nearest_miss(usable, plan)
    failed = [fit for fit in fits if fit.state == "failed"]
    worked = {(one.k, one.mode) for one in usable}
    grounds = Grounds(
        plan,
        facts,
        chosen.notes if usable else (),
        len(fits),
        len(failed),
        all((fit.k, fit.covariance) in worked for fit in failed),
        max(missed.values(), default=0),
    )
    return {
        "rows": facts["rows"],
        "columns": list(plan.columns or ()),
        "fits": len(fits),
        "failed": len(failed),
        "experiments": plan.n_experiments,
        "min_members": plan.min_members or 1,
        "recommended": {mode: as_best(choice.fit.fit) for mode, choice in chosen.per_mode.items()},
        "unavailable": {mode: size for mode, size in missed.items() if mode not in chosen.per_mode},
        "wins": {str(k): times for k, times in chosen.wins.items()},
        "rival": _rival(chosen),
        "scores": score_cells(usable, plan),
        "curve": best_by_k(usable, plan),
        "notes": notes(grounds),
    }


def _rival(chosen: Recommendation[Candidate]) -> Rival | None:
    if chosen.runner_up is None or chosen.gap is None:
        return None
    return Rival(k=chosen.runner_up, gap=chosen.gap)


def _about(rows: StudyRows, plan: StudyPlan, best: Best | None, shown: _Opened | None) -> dict[str, Any]:
    values = rows.matrix.values
    whole = whole_spreads(values, plan.columns or ())
    firm: Stability | None = None
    sure: Certainty | None = None
    each: list[Profile] = []
    if best is not None and shown is not None:
        each = profiles(values, shown.labels, len(best["sizes"]), whole)
        firm = stability(values, shown.labels, best, plan)
        sure = certainty_of(shown.certainty)
    return {"best": best, "whole": whole, "profiles": each, "stability": firm, "certainty": sure}
