"""How a study was made: its settings in words, and the command that repeats it."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from shlex import quote

from shoal import __version__
from shoal.studies.model import Study
from shoal.studies.plan import StudyPlan
from shoal.studies.summary import Summary
from shoal.studies.wording import counted, listed, mode

_OPTIONS = {
    "n_experiments": "--experiments",
    "max_k": "--max-k",
    "n_init": "--n-init",
    "select": "--select",
    "score": "--score",
    "assignment": "--assignment",
    "missing": "--missing",
}


def versions() -> dict[str, str]:
    """Return the versions of what the numbers depend on."""
    names = ("numpy", "scipy", "numba", "scikit-learn")
    return {"shoal": __version__, "python": platform.python_version()} | {
        name: _installed(name) for name in names
    }


@cache
def _installed(name: str) -> str:
    return version(name)  # Reads a file of the package each time.


def method(study: Study, summary: Summary) -> list[tuple[str, str]]:
    """Return what was done as pairs of name and value."""
    plan, facts = study.plan, study.facts
    left = ", ".join(filter(None, [facts["left"], _rows(facts["dropped"])])) or "nothing"
    return [
        ("Columns", ", ".join(summary["columns"])),
        ("Left out", left),
        ("Numbers of clusters", f"1 to {plan.max_k}"),
        ("Shapes", listed([mode(name) for name in plan.covariances])),
        ("Repeats", f"{plan.n_experiments}, each fit from {counted(plan.n_init, 'start')}"),
        ("Smallest cluster", counted(summary["min_members"], "row")),
        ("Chosen by", "the best score" if plan.select == "best" else "the best mean score"),
        ("Assignment", _ASSIGNMENTS[plan.assignment]),
        ("Scores", _SCORES[plan.score]),
        ("Columns scaled", "to mean 0 and standard deviation 1" if plan.scale else "no"),
        ("Seed", str(plan.seed)),
        ("Versions", ", ".join(f"{name} {number}" for name, number in versions().items())),
        ("SHA-256 of the data", study.source["sha256"]),
        ("Study", study.id),
    ]


_ASSIGNMENTS = {
    "likelihood": "to the most likely cluster (classification EM, Celeux and Govaert 1992)",
    "distance": "to the nearest cluster by Mahalanobis distance, as in K-Means Service",
}
_SCORES = {
    "correct": "from the likelihood",
    "legacy": "as in K-Means Service (unsquared distances); compare only with its reports",
}


def _rows(dropped: int) -> str:
    return f"{counted(dropped, 'row')} with missing values" if dropped else ""


def command(study: Study) -> str:
    """Return the command line that repeats a study."""
    plan, usual = study.plan, StudyPlan()
    words = ["shoal", "study", "run", quote(study.source["name"])]
    for name, option in _OPTIONS.items():
        if getattr(plan, name) != getattr(usual, name):
            words += [option, str(getattr(plan, name))]
    if plan.covariances != usual.covariances:
        words += ["--covariances", ",".join(plan.covariances)]
    if not plan.scale:
        words.append("--no-scale")
    columns = ",".join(plan.columns or ())
    return " ".join(
        [
            *words,
            "--columns",
            quote(columns),
            "--min-members",
            str(plan.min_members),
            "--seed",
            str(plan.seed),
        ]
    )
