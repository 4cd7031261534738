"""Which fields of a request go together: each runner has its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shoal.jobs.requests.keeping import Fault

_CALL = {"args", "kwargs", "data", "env", "seed"}
# For each runner: what it needs, and what it may have beside that.
FIELDS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "function": (("script",), _CALL),
    "eval": (("code",), _CALL),
    "file": (("script",), {"args", "data", "env", "seed"}),
    "command": (("cmd",), {"data", "env", "seed"}),
    "batch": (("cmd", "start", "stop"), {"step", "fail_fast", "data", "env", "seed"}),
    "container": (
        ("image",),
        {"cmd", "env", "data", "seed", "container_name", "pull", "mounts", "network", "user", "devices"},
    ),
    "steps": (("steps",), set()),
}
OWN = frozenset(name for needed, more in FIELDS.values() for name in (*needed, *more))
NOT_WITH_STEPS = ("runner", "array", "cache", "retry", "limits", "timeout", "resources", "kill_grace")
MOST_ITEMS = 10_000_000
# Older documents leave the type out: {"datafile": "a.csv"}.
SHORT = {"datafile", "raw_data"}
KINDS_OF_DATA = "datafile, object, raw_data, dataset or result"


def disagreements(body: Mapping[str, Any]) -> Iterator[Fault]:
    """Give what is missing, what does not belong, and what contradicts something else."""
    given = {name for name in body if body[name] is not None}
    runner = "steps" if "steps" in given else body.get("runner")
    if runner is None:
        yield Fault(("runner",), "This is needed: function, file, command, batch, eval or container.")
    if not isinstance(runner, str) or runner not in FIELDS:
        return
    needed, more = FIELDS[runner]
    yield from (Fault((name,), f"The runner {runner!r} needs this.") for name in needed if name not in given)
    foreign = sorted((given & OWN) - {*needed, *more})
    yield from (Fault((name,), f"This is no field of the runner {runner!r}.") for name in foreign)
    if runner in ("command", "batch") and body.get("cmd") == []:
        yield Fault(("cmd",), "This names no program.")
    if runner == "steps":
        yield from _in_steps(body, given)
    if runner == "batch":
        yield from _in_batch(body)
    if isinstance(data := body.get("data"), Mapping):
        yield from (Fault(("data", *place), told) for place, told in _in_data(data))


def name_of(step: Mapping[str, Any], n: int) -> str:
    """Return what a step is called: its name, else its number from 1."""
    name = step.get("name")
    return name if isinstance(name, str) and name else str(n + 1)


def _in_batch(body: Mapping[str, Any]) -> Iterator[Fault]:
    start, stop, step = body.get("start"), body.get("stop"), body.get("step") or 1
    if type(start) is int and type(stop) is int and type(step) is int and step > 0:
        if stop < start:
            yield Fault(("stop",), f"This is before the start, {start}.")
        elif (stop - start) // step >= MOST_ITEMS:
            yield Fault(("stop",), f"A batch has at most {MOST_ITEMS:,} items.")
    if body.get("array") is not None:
        yield Fault(("array",), "A batch counts by itself: it cannot be an array too.")


def _in_data(data: Mapping[str, Any]) -> Iterator[Fault]:
    if not isinstance(data.get("type"), str) and not ("type" not in data and len(SHORT & data.keys()) == 1):
        yield Fault(("type",), f"This is needed: {KINDS_OF_DATA}.")
    if data.get("type") != "result":
        return
    job, step = data.get("job"), data.get("step")
    if (job is None) == (step is None):
        yield Fault((), "A result is that of a `job`, by its id, or of an earlier `step`, by its name.")
    elif job is not None and not (type(job) is int and 0 < job < 2**63):
        yield Fault(("job",), "This is not the id of a job.")


def _in_steps(body: Mapping[str, Any], given: set[str]) -> Iterator[Fault]:
    yield from (Fault((name,), "Say this for each step.") for name in NOT_WITH_STEPS if name in given)
    known: set[str] = set()
    steps = body.get("steps")
    for n, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, Mapping):
            yield from (Fault(("steps", n, *place), told) for place, told in _in_step(step, n, known))
            known.add(name_of(step, n))


def _in_step(step: Mapping[str, Any], n: int, known: set[str]) -> Iterator[Fault]:
    if name_of(step, n) in known:
        yield Fault(("name",), "Another step has this name.")
    data = step.get("data")
    named = None
    if isinstance(data, Mapping) and data.get("type") == "result":
        named = data.get("step")
    if named is not None and not (isinstance(named, str) and named in known):
        yield Fault(("data", "step"), "No step before this one has this name.")
