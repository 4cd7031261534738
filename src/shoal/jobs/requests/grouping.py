"""Jobs of several parts: what holds them together, and the parts, in the order of their submission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from shoal.base.errors import TooLarge
from shoal.base.schema import dumps
from shoal.jobs.model import Dependency, NewJob
from shoal.jobs.requests.agreeing import name_of
from shoal.jobs.requests.contents import cache_key, filled
from shoal.jobs.requests.fields import StepRequest
from shoal.jobs.requests.request import JobRequest
from shoal.jobs.store.validation import MAX_PRIORITY

LARGEST = 64 << 20  # bytes of the specs of one array
_FILLED = {"args", "kwargs", "cmd", "env", "container_name"}
_TYPED = {"args", "kwargs"}  # of functions, which ask for numbers as numbers
PlanRun = Callable[[StepRequest], NewJob]


def head_of(request: JobRequest, spec: dict[str, Any]) -> NewJob:
    """Return what holds the parts together: it waits for them and takes over how they ended."""
    return NewJob(
        request.kind,
        spec,
        request.name,
        extra=request.extra,
        priority=MAX_PRIORITY,  # There is next to nothing to do, and somebody waits for it.
        deadline=request.deadline,
        idempotency_key=request.idempotency_key,
        draft=request.draft,
        relaxed=request.relaxed,
    )


def elements_of(request: JobRequest, plan_run: PlanRun) -> list[NewJob]:
    """Return a run for each number of an array.

    Raises:
        TooLarge: the data in the request would be kept too often.
    """
    one = plan_run(request)
    indexes = request.array.indexes if request.array else range(0)
    size = len(dumps(dict(one.spec))) * len(indexes)
    if size > LARGEST:
        raise TooLarge(
            f"The array would take {size:,} bytes; the limit is {LARGEST:,}.",
            hint="Store the data once (a data file or an object) and name it in the request.",
            limit=LARGEST,
        )
    return [_element(one, request, index) for index in indexes]


def steps_of(request: JobRequest, plan_run: PlanRun) -> list[NewJob]:
    """Return the steps, each after the one before it and after those whose result it takes."""
    places: dict[str, int] = {}
    planned: list[NewJob] = []
    for n, step in enumerate(request.steps or ()):
        planned.append(_step(request, plan_run(_inheriting(step, request, planned)), n, places))
        places[name_of({"name": step.name}, n)] = n
    return planned


def _element(one: NewJob, request: JobRequest, index: int) -> NewJob:
    spec = dict(one.spec)
    for name in _FILLED & spec.keys():
        spec[name] = filled(spec[name], index, typed=name in _TYPED)
    spec["env"] = {**spec.get("env", {}), "SHOAL_ARRAY_INDEX": str(index)}
    spec["array_index"] = index
    return replace(
        one,
        spec=spec,
        array_index=index,
        name=f"{request.name or request.runner}[{index}]",
        cache_key=cache_key(one.kind, spec) if one.cache_key else None,
        webhook=None,
        extra={},
    )


def _inheriting(step: StepRequest, whole: JobRequest, before: Sequence[NewJob]) -> StepRequest:
    """Return a step with what it has of the whole, and of the step before it when it names no data."""
    more: dict[str, Any] = {"labels": [*whole.labels, *step.labels]}
    if "priority" not in step.model_fields_set:
        more["priority"] = whole.priority
    if step.data is None and before:
        more["data"] = {"type": "result", "step": before[-1].spec["step_name"]}
    return step.model_copy(update=more)


def _step(request: JobRequest, run: NewJob, n: int, places: dict[str, int]) -> NewJob:
    data = run.spec.get("data") or {}
    upstream = {n - 1} if n else set()
    if data.get("type") == "result" and "step" in data:
        upstream.add(places[data["step"]])
    after = [Dependency(batch=place) for place in sorted(upstream)]
    name = name_of({"name": run.name}, n)
    return replace(
        run,
        spec={**run.spec, "step_name": name, "feeds": True},
        name=run.name or f"{request.name or 'step'} {name}",
        after=[*run.after, *after],
        not_before=request.not_before if n == 0 else None,
        deadline=request.deadline,
    )
