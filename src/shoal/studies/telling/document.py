"""`study.json`: everything that is needed to read, check and repeat a study, and what commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from shoal.base import clock
from shoal.studies.model import Fit, Study
from shoal.studies.results.recomputing import recomputing
from shoal.studies.telling.answer import answer
from shoal.studies.telling.method import command, versions

FORMAT = "shoal-study/1"


def document(study: Study, fits: Sequence[Fit]) -> dict[str, Any]:
    """Return a study and all its fits as JSON-able values; scores are higher-is-better."""
    summary = study.summary
    return {
        "format": FORMAT,
        "id": study.id,
        "name": study.name,
        "state": str(study.state),
        "created": clock.isoformat(study.created),
        "seconds": study.seconds,
        "versions": versions(),
        "command": command(study),
        "source": study.source,
        "plan": study.plan.as_json(),
        "facts": study.facts,
        "answer": answer(summary).text if summary else "",
        "summary": summary,
        "recompute": recomputing(study),
        "fits": [fit.as_json() for fit in fits],
    }


def as_file(content: dict[str, Any]) -> bytes:
    """Return a document as people read it: indented JSON with a line's end."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def brief(study: Study, files: Mapping[str, str]) -> dict[str, Any]:
    """Return the one object that `--output json` prints."""
    summary = study.summary
    if summary is None:
        return {"id": study.id, "state": str(study.state), "error": study.error}
    best = summary["best"]
    kept = ("k", "covariance", "bic", "aic", "icl", "log_likelihood", "sizes")
    return {
        "id": study.id,
        "rows": summary["rows"],
        "columns": summary["columns"],
        "fits": summary["fits"],
        "failed": summary["failed"],
        "seconds": study.seconds,
        "best": best and {name: best[name] for name in kept},  # type: ignore[literal-required]
        "recommended": {
            name: {"k": fit["k"], "bic": fit["bic"]} for name, fit in summary["recommended"].items()
        },
        "wins": summary["wins"],
        "notes": [note["text"] for note in summary["notes"]],
        "files": dict(files),
    }
