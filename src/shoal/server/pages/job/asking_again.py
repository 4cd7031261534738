"""The request that would make a job again, read from the job itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shoal.base.clock import isoformat
from shoal.jobs.model import Job, Retry

RUNNERS = ("function", "file", "command", "batch", "eval", "container")
FIELDS = (
    "script", "args", "kwargs", "cmd", "env", "start", "stop", "step", "fail_fast", "code", "image",
    "container_name", "pull", "mounts", "network", "user", "devices", "seed",
)  # fmt: skip
USUAL: dict[str, Any] = {"step": 1, "fail_fast": False, "pull": "missing"}
ON_LOSS = Retry(max_attempts=3, on=("lost",))
GRACE = 10.0
_NAMES = {
    "datafile": ("name",),
    "object": ("id",),
    "dataset": ("id", "version"),
    "raw_data": ("data",),
    "result": ("job",),
}


def can_ask(job: Job) -> bool:
    """Say whether a job is a run that somebody could ask for, not a part of Shoal's own work."""
    return job.kind in RUNNERS


def request_of(job: Job) -> dict[str, Any]:
    """Return the request for a run like a job's; what is as usual is left out, its key and its times too."""
    spec = job.spec
    asked: dict[str, Any] = {"runner": job.kind, "name": job.name}
    asked |= {name: spec.get(name) for name in FIELDS if spec.get(name) != USUAL.get(name)}
    asked |= {
        "data": data_of(spec.get("data")),
        "labels": list(job.labels),
        "resources": job.resources,
        "extra": job.extra,
        "priority": job.priority or None,
        "timeout": job.timeout,
        "deadline": None if job.deadline is None else isoformat(job.deadline),
        "limits": spec.get("limits"),
        "kill_grace": None if spec.get("kill_grace") == GRACE else spec.get("kill_grace"),
        "retry": None if job.retry == ON_LOSS else asdict(job.retry) | {"on": list(job.retry.on)},
        "webhook": job.webhook and {"url": job.webhook.url, "events": list(job.webhook.events)},
    }
    return {name: value for name, value in asked.items() if value not in (None, "", [], {})}


def data_of(bound: Any) -> dict[str, Any] | None:
    """Return data as a request names it, from how it was bound."""
    if not isinstance(bound, dict):
        return None
    kind = str(bound.get("type", ""))
    names = _NAMES.get(kind)
    if names is None:
        return {name: value for name, value in bound.items() if name not in ("key", "size", "sha256")}
    return {"type": kind, **{name: bound[name] for name in names if name in bound}}
