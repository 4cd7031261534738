"""Made-up summaries and studies, for the words around them."""

from __future__ import annotations

from typing import Any

from shoal.studies.model import Facts, Source, Study, StudyState
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Best, Profile, Spread, Summary


def best(
    k: int = 3, covariance: str = "diag-tied", bic: float = -4429.0, sizes: list[int] | None = None
) -> Best:
    return Best(
        fit=7,
        experiment=0,
        k=k,
        covariance=covariance,
        bic=bic,
        aic=bic + 30,
        icl=bic - 1,
        log_likelihood=bic + 40,
        sizes=sizes or [151, 123, 68][:k],
    )


def profile(cluster: int, size: int, **gaps: float) -> Profile:
    columns = {name: Spread(mean=1.0, sd=0.5, gap=gap) for name, gap in gaps.items()}
    return Profile(cluster=cluster, size=size, share=size / 342, columns=columns)


def summary(**changes: Any) -> Summary:
    found: Summary = {
        "rows": 342,
        "columns": ["bill_depth_mm", "body_mass_g"],
        "fits": 600,
        "failed": 0,
        "experiments": 10,
        "min_members": 17,
        "best": best(),
        "recommended": {
            "full-tied": best(3, "full-tied", -4432.9),
            "full-untied": best(3, "full-untied", -4454.9),
            "diag-tied": best(),
            "diag-untied": best(3, "diag-untied", -4443.6),
            "spher-tied": best(8, "spher-tied", -5301.2, [50, 50, 50, 50, 50, 40, 30, 22]),
        },
        "unavailable": {"spher-untied": 12},
        "wins": {"3": 10},
        "rival": {"k": 4, "gap": 77.5},
        "scores": {},
        "curve": [-9.0, -5.0, -1.0, -2.0, -3.0, -4.0, -4.5, None, -6.0, -7.0],
        "stability": {"mean": 0.99, "low": 0.97, "values": [0.97, 1.0], "rows": 342},
        "certainty": {"mean": 0.98, "between": 2, "histogram": [0] * 19 + [342]},
        "whole": {name: Spread(mean=4201.75, sd=801.9, gap=0.0) for name in ("bill_depth_mm", "body_mass_g")},
        "profiles": [
            profile(1, 151, bill_depth_mm=1.1, body_mass_g=-0.7),
            profile(2, 123, bill_depth_mm=-0.4, body_mass_g=1.3),
            profile(3, 68, bill_depth_mm=0.9, body_mass_g=0.1),
        ],
        "notes": [],
    }
    return {**found, **changes}  # type: ignore[typeddict-item]


def study(found: Summary | None = None, **changes: Any) -> Study:
    columns = ["species", "bill_depth_mm", "body_mass_g"]
    source = Source(
        id="d1",
        version=1,
        name="penguins.csv",
        rows=344,
        columns=columns,
        sha256="ab" * 32,
        table_sha256="cd" * 32,
        key="d1/v1.arrow",
    )
    facts = Facts(
        rows=342, distinct=342, dropped=2, filled=0, asked_max_k=10, constant=[], left="1 text column"
    )
    plan = StudyPlan(columns=("bill_depth_mm", "body_mass_g"), min_members=17)
    made = Study(
        "7f3a",
        "penguins.csv",
        "local",
        "d1",
        1,
        source,
        plan,
        facts,
        StudyState.succeeded,
        1,
        1_000_000,
        1_000_000,
        15_000_000,
        "",
        found or summary(),
        "",
    )
    return made._replace(**changes)
