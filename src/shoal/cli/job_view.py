"""How jobs look on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shoal.cli.output import table
from shoal.cli.words import ago
from shoal.jobs.titles import title_of
from shoal.studies.wording import duration

Facts = dict[str, Any]
WIDEST = 32  # letters of a title that nobody chose


def lines(jobs: Sequence[Facts]) -> str:
    """Return jobs as a table."""
    head = ["ID", "NAME", "KIND", "STATE", "TOOK", "WHEN", "OWNER"]
    return table(head, [_line(job) for job in jobs], right=["ID", "TOOK"])


def page(job: Facts) -> str:
    """Return everything about one job."""
    parts = ["\n".join(_facts(job)), _attempts(job["attempts"]), _artifacts(job["artifacts"])]
    parts.append("\n".join(_reproducing(job["attempts"])))
    if job["error"]:
        parts.append(str(job["error"].get("message", job["error"])))
    return "\n\n".join(part for part in parts if part)


def _facts(job: Facts) -> Iterator[str]:
    for name in ("id", "kind", "name", "state", "owner", "reason", "parent", "cached_from"):
        if job.get(name):
            yield f"{name.replace('_', ' '):14}{job[name]}"
    if job.get("children"):
        counted = ", ".join(f"{n} {state}" for state, n in sorted(job["children"].items()))
        yield f"{'parts':14}{counted}"


def _attempts(attempts: Sequence[Facts]) -> str:
    tried = [
        (one["number"], one["state"], one["exit_code"], _took(one), _size(one["peak_memory"]), one["worker"])
        for one in attempts
    ]
    head = ["ATTEMPT", "STATE", "EXIT", "TOOK", "MEMORY", "WORKER"]
    return table(head, tried, right=["ATTEMPT", "EXIT", "TOOK", "MEMORY"]) if tried else ""


def _artifacts(artifacts: Sequence[Facts]) -> str:
    left = [(one["name"], f"{one['size']:,}", one["sha256"][:12]) for one in artifacts]
    return table(["FILE", "BYTES", "SHA-256"], left, right=["BYTES"]) if left else ""


def _reproducing(attempts: Sequence[Facts]) -> Iterator[str]:
    """Yield what makes the newest attempt reproducible."""
    facts = (attempts[-1].get("facts") or {}) if attempts else {}
    for name, value in (facts.get("reproduce") or {}).items():
        told = ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else value
        if told not in (None, ""):
            yield f"{name.replace('_', ' '):14}{told}"


def _line(job: Facts) -> tuple[Any, ...]:
    name = job["name"] or _cut(title_of(job["spec"]))
    return (job["id"], name, job["kind"], job["state"], _took(job), ago(job["created"]), job["owner"])


def _cut(title: str) -> str:
    return title if len(title) <= WIDEST else f"{title[: WIDEST - 1]}…"


def _took(facts: Facts) -> str | None:
    started, ended = facts["started"], facts["ended"]
    return duration((ended - started) / 1e6) if started and ended else None


def _size(count: int | None) -> str | None:
    return None if count is None else f"{count / (1 << 20):,.0f} MB"
