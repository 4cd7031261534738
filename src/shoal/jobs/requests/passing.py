"""What the end of a run does to others: its result goes to who waits for it, its failure is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from shoal.jobs.model import Job, NewJob
from shoal.jobs.states import State
from shoal.jobs.store import limits, reading
from shoal.jobs.store.tables import dependencies, jobs

HEADS = ("steps", "array")
_KNOWN = ("value", "key")  # one of them is there once a result is
_WAITING = (State.QUEUED, State.DRAFT)


def record(conn: Connection, job: Job, result: Any) -> None:
    """Write a run's result into the specs of the jobs that wait for it; `Kind.record` of every runner."""
    if not job.spec.get("feeds"):
        return
    for consumer in _consumers(conn, job.id):
        if consumer.kind == "steps":
            _respecify(conn, consumer, {"result": result})
        elif _takes(consumer.spec.get("data"), job):
            data = {**consumer.spec["data"], "job": job.id, **handed_on(conn, job, result)}
            _respecify(conn, consumer, {"data": data})


def await_results(conn: Connection, new: Sequence[NewJob]) -> None:
    """Let the jobs whose results others take know of it."""
    awaited = [one.spec["data"]["job"] for one in new if is_open(one.spec.get("data"))]
    for job in reading.get_many(conn, awaited).values():
        if not job.spec.get("feeds"):
            _respecify(conn, job, {"feeds": True})


def catch_up(conn: Connection, ids: Sequence[int]) -> None:
    """Pass on the results of jobs that had them from the beginning, out of the cache."""
    for job in sorted(reading.get_many(conn, ids).values()):
        if job.state is State.SUCCEEDED:
            record(conn, job, job.result)


def mourn(conn: Connection, lost: Sequence[Job]) -> None:
    """Count runs that ended without success where their array can see it; `Kind.mourn` of every runner."""
    by_head: dict[int, int] = {}
    for job in lost:
        if job.array_index is not None and job.parent is not None:
            by_head[job.parent] = by_head.get(job.parent, 0) + 1
    for head in reading.get_many(conn, sorted(by_head)).values():
        _respecify(conn, head, {"failed": head.spec.get("failed", 0) + by_head[head.id]})


def mourn_heads(conn: Connection, lost: Sequence[Job]) -> None:
    """Say of steps that did not succeed which one it was; `Kind.mourn` of what holds jobs together."""
    for head in lost:
        _lift_limit(conn, head)
        if head.kind == "steps" and _is_follower(head) and (culprit := _culprit(conn, head)) is not None:
            conn.execute(update(jobs).where(jobs.c.id == head.id).values(error=_blame(culprit)))
    mourn(conn, lost)


def handed_on(conn: Connection, job: Job, result: Any) -> dict[str, Any]:
    """Return a result as the data of another job: its value, or the file that it is in."""
    if not isinstance(result, Mapping):
        return {"value": result}
    name = result.get("artifact")
    if name and (kept := _artifact(conn, job.id, str(name))) is not None:
        return {**kept, "result_type": result.get("type", "")}
    return {"value": result.get("value", result.get("stdout", result))}


def is_open(data: Mapping[str, Any] | None) -> bool:
    """Say whether data is the result, not yet known, of a job that is known by its id."""
    if not data or data["type"] != "result":
        return False
    return "job" in data and data.keys().isdisjoint(_KNOWN)


def group_of(head: int) -> str:
    """Return the name of the group whose limit holds for the elements of an array."""
    return f"array {head}"


def begin_again(conn: Connection, head: Job) -> None:
    """Forget what was counted of an array that is run again, and limit it anew."""
    if head.kind == "array":
        _respecify(conn, head, {"failed": 0})
        if limit := head.spec.get("limit"):
            limits.set_limit(conn, group=group_of(head.id), n=limit)


def record_head(conn: Connection, head: Job, result: Any) -> None:
    """Pass the result of several parts on; `Kind.record` of what holds jobs together."""
    _lift_limit(conn, head)
    record(conn, head, result)


def _lift_limit(conn: Connection, head: Job) -> None:
    if head.spec.get("limit"):
        limits.set_limit(conn, group=group_of(head.id), n=None)


def _consumers(conn: Connection, upstream: int) -> Iterator[Job]:
    waiting = select(dependencies.c.job).where(dependencies.c.upstream == upstream).distinct()
    for job in reading.get_many(conn, list(conn.execute(waiting).scalars())).values():
        if job.state in _WAITING:
            yield job


def _takes(data: Any, job: Job) -> bool:
    """Say whether data that a job waits for is the result of another."""
    if not isinstance(data, Mapping) or data.get("type") != "result":
        return False
    return data.get("job") == job.id or ("step" in data and data["step"] == job.spec.get("step_name"))


def _respecify(conn: Connection, job: Job, change: Mapping[str, Any]) -> None:
    conn.execute(update(jobs).where(jobs.c.id == job.id).values(spec={**job.spec, **change}))


def _artifact(conn: Connection, job: int, name: str) -> dict[str, Any] | None:
    attempts = reading.attempts_of(conn, job)
    kept = (attempts[-1].facts or {}).get("artifacts", []) if attempts else []
    return next((each for each in kept if each["name"] == name), None)


def _culprit(conn: Connection, head: Job) -> Job | None:
    found = conn.execute(
        select(jobs.c.id).where(jobs.c.parent == head.id, jobs.c.state.in_(["failed", "lost", "cancelled"]))
    )
    steps = reading.get_many(conn, list(found.scalars()))
    return next((steps[id_] for id_ in sorted(steps) if not _is_follower(steps[id_])), None)


def _is_follower(job: Job) -> bool:
    return (job.error or {}).get("kind") == "dependency"


def _blame(step: Job) -> dict[str, Any]:
    error = step.error or {}
    told = str(error.get("message", "")) or f"it is {step.state}"
    name = step.spec.get("step_name") or step.name
    return {**error, "message": f"Step {name}: {told}", "step": name, "job": step.id}
