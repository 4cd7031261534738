"""The answer for a reader who knows no statistics: how many groups, how sure, what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shoal.studies.summary import Best, Summary
from shoal.studies.wording import counted, listed, percent

Verdict = Literal["firm", "likely", "unclear", "single", "none"]

# In the study's BIC, half the textbook's: 1 and 5 here are 2 and 10 there (Kass and Raftery 1995, p. 777).
WEAK_GAP, STRONG_GAP = 1.0, 5.0
FIRM_SHARE, LIKELY_SHARE = 0.9, 0.6
STABLE = 0.8
# A standardised difference of means of .8 is called large (Cohen 1988, p. 26).
LARGE_GAP = 0.8
BETWEEN_SHARE = 0.01
SIZES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold the sentences; those that do not apply are empty. `strong` is the part of `count` to stress."""

    verdict: Verdict
    count: str
    strong: str
    certainty: str
    differs: str
    between: str

    @property
    def text(self) -> str:
        """Return the first paragraph: the count and how sure it is."""
        return f"{self.count} {self.certainty}".strip()


def answer(summary: Summary) -> Answer:
    """Return what to say about a finished study."""
    best = summary["best"]
    if best is None:
        return Answer("none", _nothing(summary), "", "", "", "")
    verdict = verdict_of(summary)
    count, strong = _count(best, summary)
    return Answer(
        verdict, count, strong, _certainty(verdict, best, summary), _differs(summary), _between(summary)
    )


def verdict_of(summary: Summary) -> Verdict:
    """Return how sure the recommended number of clusters is.

    The share of repeats that chose it shows only the luck of the restarts and the gap grows with the rows,
    so a firm result also needs re-sampled rows to give the same groups.
    """
    if summary["best"] is None:
        return "none"
    if summary["experiments"] == 1:
        return "single"
    share, gap, stability = _evidence(summary)
    if share >= FIRM_SHARE and gap >= STRONG_GAP and stability >= STABLE:
        return "firm"
    return "likely" if share >= LIKELY_SHARE and gap >= WEAK_GAP else "unclear"


def _evidence(summary: Summary) -> tuple[float, float, float]:
    """Return w, D and s: with no other k tried the gap is endless, with one group nothing can be unstable."""
    best, rival, stability = summary["best"], summary["rival"], summary["stability"]
    wins = summary["wins"].get(str(best["k"]), 0) if best else 0
    gap = rival["gap"] if rival else float("inf")
    return wins / summary["experiments"], gap, stability["mean"] if stability else 1.0


def _nothing(summary: Summary) -> str:
    if summary["failed"] == summary["fits"]:
        return f"None of {counted(summary['fits'], 'fit')} worked, so there is no answer."
    return next((note["text"] for note in summary["notes"] if note["code"] == "nothing-passes"), "No answer.")


def _count(best: Best, summary: Summary) -> tuple[str, str]:
    k, sizes = best["k"], best["sizes"]
    if k == 1:
        why = ": no split scored better than leaving it whole" if summary["rival"] else ""
        return f"Your data looks like one group{why}.", "one group"
    strong = f"{k} groups (clusters)"
    named = [f"{size:,}" for size in sizes]
    of = listed(named) if k <= SIZES_SHOWN else f"{named[0]} down to {named[-1]}"
    return f"Your data falls into {strong} of {of} rows.", strong


def _certainty(verdict: Verdict, best: Best, summary: Summary) -> str:
    if verdict == "single":
        return "Only one repeat was run, so we cannot say how sure this is."
    if summary["rival"] is None:
        tried = len(summary["curve"]) > 1
        return "No other number of clusters could be compared with it." if tried else ""
    chose = f"{summary['wins'].get(str(best['k']), 0)} of {summary['experiments']} repeats chose {best['k']}"
    if verdict == "firm":
        return f"This is a firm result: {_clauses([chose, *_support(best, summary)])}."
    if verdict == "likely":
        return f"This is likely, not certain: {chose}, {_doubt(summary)}."
    return _unclear(best, summary)


def _support(best: Best, summary: Summary) -> list[str]:
    rival = summary["rival"]
    same = ["re-sampled rows give the same groups"] if best["k"] > 1 and summary["stability"] else []
    return [*same, *([f"{rival['k']} scores clearly worse"] if rival else [])]


def _clauses(parts: list[str]) -> str:
    return ", and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _doubt(summary: Summary) -> str:
    _, gap, stability = _evidence(summary)
    other = summary["rival"]["k"] if summary["rival"] else 0
    if gap < STRONG_GAP:
        return f"and {other} is nearly as good"
    if stability < STABLE:
        return "but re-sampled rows give other groups"
    return f"and {other} scores clearly worse"


def _unclear(best: Best, summary: Summary) -> str:
    other = summary["rival"]["k"] if summary["rival"] else 0
    low, high = sorted((best["k"], other))
    if _evidence(summary)[1] < WEAK_GAP:
        return f"There is no clear answer: {low} and {high} score about the same. Look at both."
    wins = summary["wins"].get(str(best["k"]), 0)
    only = f"only {wins} of {summary['experiments']} repeats chose {best['k']}"
    return f"There is no clear answer: {only}. Look at {other} too."


def _differs(summary: Summary) -> str:
    spreads = [
        (abs(spread["gap"]), -profile["cluster"], name)
        for profile in summary["profiles"]
        for name, spread in profile["columns"].items()
    ]
    gap, cluster, name = max(spreads, default=(0.0, 0, ""), key=lambda spread: spread[:2])
    alone = len(summary["profiles"]) < 2
    return "" if alone or gap < LARGE_GAP else f"Cluster {-cluster} stands out by {name}."


def _between(summary: Summary) -> str:
    certainty = summary["certainty"]
    if certainty is None or certainty["between"] <= BETWEEN_SHARE * summary["rows"]:
        return ""
    rows, share = certainty["between"], percent(certainty["between"] / summary["rows"])
    verb = "lies" if rows == 1 else "lie"
    return f"{counted(rows, 'row')} ({share}) {verb} between clusters."
