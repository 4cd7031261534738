"""The answer in one short line, for lists of studies."""

from __future__ import annotations

from shoal.studies.summary import Summary
from shoal.studies.telling.answer import SIZES_SHOWN, Verdict, verdict_of
from shoal.studies.wording import listed

_SURE: dict[Verdict, str] = {
    "firm": "a firm result",
    "likely": "likely, not certain",
    "unclear": "no clear answer",
    "single": "from one repeat only",
}


def brief(summary: Summary) -> str:
    """Return `3 groups of 151, 123 and 68 rows, a firm result`."""
    best = summary["best"]
    if best is None:
        return "No answer"
    sure = _SURE[verdict_of(summary)]
    if best["k"] == 1:
        return f"One group, {sure}"
    named = [f"{size:,}" for size in best["sizes"]]
    of = listed(named) if len(named) <= SIZES_SHOWN else f"{named[0]} down to {named[-1]}"
    return f"{best['k']} groups of {of} rows, {sure}"
