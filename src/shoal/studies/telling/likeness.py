"""How alike two groupings are, and how two studies differ, in words."""

from __future__ import annotations

from typing import NamedTuple

from shoal.studies.model import Study
from shoal.studies.plan import StudyPlan
from shoal.studies.wording import listed, mode

# Between .65 and .8 is called moderate, above .9 excellent (Steinley 2004, Psychological Methods 9, p. 395).
_ALIKE = (
    (0.9995, "the same"),
    (0.9, "nearly the same"),
    (0.65, "much alike"),
    (0.3, "partly alike"),
    (0.1, "little alike"),
)
_SETTINGS = {
    "columns": "Columns",
    "n_experiments": "Repeats",
    "max_k": "Largest number of clusters",
    "n_init": "Starts per fit",
    "covariances": "Shapes",
    "scale": "Columns scaled",
    "min_members": "Smallest cluster, in rows",
    "select": "Chosen by",
    "score": "Score",
    "assignment": "Assignment",
    "seed": "Seed",
    "missing": "Rows with missing values",
}
_WORDS = {
    "select": {"best": "best score", "mean": "best mean score"},
    "score": {"correct": "likelihood", "legacy": "the older service's"},
    "missing": {"drop": "left out", "impute": "filled with the median"},
}


class Difference(NamedTuple):
    """One thing in which two studies differ."""

    what: str
    left: str
    right: str


def likeness(adjusted_rand: float) -> str:
    """Return an adjusted Rand index in words."""
    return next((words for least, words in _ALIKE if adjusted_rand >= least), "no more alike than by chance")


def differences(left: Study, right: Study) -> list[Difference]:
    """Return what differs in the data and settings of two studies."""
    both = zip(_told(left).items(), _told(right).values(), strict=True)
    return [Difference(what, ours, theirs) for (what, ours), theirs in both if ours != theirs]


def _told(study: Study) -> dict[str, str]:
    source, facts = study.source, study.facts
    data = {
        "File": source["name"],
        "Content of the file (SHA-256)": source["sha256"][:12],
        "Rows used": f"{facts['rows']:,}",
    }
    return data | {words: _value(study.plan, name) for name, words in _SETTINGS.items()}


def _value(plan: StudyPlan, name: str) -> str:
    value = getattr(plan, name)
    if name == "covariances":
        return listed([mode(each) for each in value])
    if isinstance(value, tuple):
        return listed(list(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _WORDS.get(name, {}).get(value, str(value)) if isinstance(value, str) else f"{value:,}"
