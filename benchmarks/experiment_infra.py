"""How fast is a cluster planned, built and watched: simulated machines of 2 seconds, four levels, one house?

Built: from the wish until all are ready, against what the levels take one after the other. Watched: the
processor time of everything that looks after machines which are well.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from benchmarks.rounds import options
from shoal.base.clock import now
from shoal.base.settings import load_settings
from shoal.infra.deciding.origin import fingerprint
from shoal.infra.deciding.plan import plan
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import described
from shoal.infra.model import Description, Infrastructure, Instance
from shoal.infra.states import State
from shoal.server.house import House

MACHINES, LEVELS, BUILT, DELAY = 1_000, 4, 100, 2.0
WATCHED, WATCHED_QUICK = 60.0, 25.0  # seconds
MOST_PLAN, MOST_RATIO, MOST_SHARE = 1.0, 1.2, 0.05


def bundle(machines: int, levels: int, delay: float) -> dict[str, Any]:
    """Return a bundle of so many simulated machines in levels, each of which needs the one before."""
    names = [f"level{number}" for number in range(levels)]
    shares = [machines // levels + (number < machines % levels) for number in range(levels)]
    scaling = [{"min": share, "max": share} for share in shares]
    nodes = [{"name": n, "type": f"{n}_type", "scaling": s} for n, s in zip(names, scaling, strict=True)]
    resource = {"type": "simulated", "delay": delay, "price": 0.1}
    return {
        "description": {
            "user_id": "me",
            "infra_name": "bench",
            "nodes": nodes,
            "dependencies": [[after, before] for before, after in pairwise(names)],
        },
        "definitions": {f"{name}_type": [{"resource": resource}] for name in names},
        "places": {},
    }


def ready(description: Description) -> list[Instance]:
    """Return rows of all machines of a description; each knows one of the level before."""
    found: list[Instance] = []
    first: dict[str, list[str]] = {}
    for node in description.nodes:
        made = fingerprint(description, node.name, 0)
        rows = [
            Instance(
                f"{node.name}-{n}", "i", node.name, n, State.READY, "simulated", 0, {}, made, "name",
                saw=first, price=0.1, created=n, ready=n,
            )
            for n in range(node.least)
        ]  # fmt: skip
        first = {node.name: [rows[0].id]}
        found += rows
    return found


def planned() -> list[str]:
    """Return how long plans of many machines take: new ones, none to change, and all to replace."""
    description = described(bundle_of(bundle(MACHINES, LEVELS, DELAY)), {})
    rows = ready(description)
    changed = [row._replace(hash="other") for row in rows]
    lines = []
    for name, there in (("new", []), ("unchanged", rows), ("changed", changed)):
        started = time.perf_counter()
        found = plan(None, description, there, now())
        took = time.perf_counter() - started
        word = "target" if took < MOST_PLAN else "MISSED"
        lines.append(f"plan, {name:12}{len(found.steps):>6,} machines {1e3 * took:>9.1f} ms  {word}")
    return lines


@contextmanager
def house() -> Iterator[House]:
    """Yield a house of its own."""
    with tempfile.TemporaryDirectory() as name:
        settings = load_settings({"home": Path(name) / "home", "workers": 1})
        with House(settings) as opened:
            yield opened


async def built(opened: House, machines: int, levels: int, delay: float) -> tuple[Infrastructure, float]:
    """Build machines, and return how long it took."""
    started = time.perf_counter()
    infra = await opened.infra.build("me", bundle(machines, levels, delay))
    ended = await opened.infra.wait(infra.id, timeout=600)
    if ended.phase != "ready":
        raise AssertionError(ended)
    return ended, time.perf_counter() - started


def built_line() -> str:
    """Return how long a build takes, against its critical path."""
    with house() as opened:
        _, cold = asyncio.run(built(opened, 1, 1, 0.0))  # The processes that make passes start now.
        _, took = asyncio.run(built(opened, BUILT, LEVELS, DELAY))
    ratio = took / (LEVELS * DELAY)
    word = "target" if ratio <= MOST_RATIO else "MISSED"
    return (
        f"build, {BUILT} machines, {LEVELS} levels of {DELAY:g} s: {took:.2f} s = {ratio:.2f} x the critical "
        f"path  {word} (first pass of a new house: {cold:.2f} s)"
    )


def watched_line(seconds: float) -> str:
    """Return what it costs to look after many machines that are well."""
    with house() as opened:
        _, took = asyncio.run(built(opened, MACHINES, LEVELS, 0.0))
        time.sleep(12)  # The keeper has learned of them.
        before, started = _cpu(), time.perf_counter()
        time.sleep(seconds)
        share = (_cpu() - before) / (time.perf_counter() - started)
    word = "target" if share < MOST_SHARE else "MISSED"
    return f"watch, {MACHINES:,} machines (built in {took:.1f} s): {100 * share:.1f}% of a core  {word}"


def _cpu() -> float:
    """Return the processor seconds of this process and all that descend from it."""
    found = [psutil.Process(), *psutil.Process().children(recursive=True)]
    times = [each.cpu_times() for each in found]
    return sum(each.user + each.system for each in times)


def main() -> None:
    """Print the figures."""
    chosen = options(__doc__ or "")
    for line in planned():
        sys.stdout.write(line + "\n")
    sys.stdout.write(built_line() + "\n")
    sys.stdout.write(watched_line(WATCHED_QUICK if chosen.quick else WATCHED) + "\n")


if __name__ == "__main__":
    main()
