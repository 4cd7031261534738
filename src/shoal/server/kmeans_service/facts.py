"""What the head of every page of a job says."""

from __future__ import annotations

from shoal.base import clock
from shoal.clustering.modes import MODE_NAMES
from shoal.studies.model import Study
from shoal.studies.wording import counted, listed

MOST_NAMED = 20


def facts_of(study: Study) -> list[tuple[str, str]]:
    """Return a job's facts as pairs of a name and a value."""
    plan = study.plan
    return [
        ("Job id", study.id),
        ("Submitted", clock.to_datetime(study.created).strftime("%Y-%m-%d %H:%M UTC")),
        ("File", study.source["name"]),
        ("Columns", _named(list(plan.columns or ()))),
        ("Repeats", f"{plan.n_experiments}"),
        ("Largest k", f"{plan.max_k}"),
        ("Starts per task", f"{plan.n_init}"),
        ("Covariances", "all six" if len(plan.covariances) == len(MODE_NAMES) else listed(plan.covariances)),
        ("Tasks", f"{plan.n_fits:,}"),
        ("Scaled", "yes" if plan.scale else "no"),
    ]


def _named(columns: list[str]) -> str:
    more = len(columns) - MOST_NAMED
    told = ", ".join(columns[:MOST_NAMED])
    return f"{told} and {counted(more, 'other')}" if more > 0 else told
