"""Watching an infrastructure until its wish is reached: a table on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from shoal.cli.infra_reasons import Reasons
from shoal.cli.interruption import interruption
from shoal.cli.output import say, table
from shoal.studies.wording import counted, printable

if TYPE_CHECKING:
    from shoal.client.infrastructure import Infrastructure

LINE_EVERY = 10.0
STOPPED = 130
BAR, LONGEST_NAME = 20, 20  # letters
GOING = ("destroying", "destroyed")
Show = Callable[["Infrastructure"], None]


def follow(infra: Infrastructure, timeout: float | None = None) -> Infrastructure:
    """Show how far it is until its newest wish is reached; Ctrl-C ends the watching, not the work.

    Raises:
        InfrastructureFailed: it cannot be reached.
        Conflict: it is paused.
    """

    def changed(seen: Infrastructure) -> None:
        asked.check()
        show(seen)

    try:
        with interruption() as asked, _shown() as show:
            say(f"Infrastructure {infra.id}.")
            return infra.wait(timeout=timeout, on_change=changed)
    except TimeoutError as error:
        say(f"error: {error}")
        say(f"  The server goes on. Watch: shoal infra watch {infra.id}")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        say(f"The server goes on with {infra.id}. Watch: shoal infra watch {infra.id}")
        say(f"  Stop it: shoal infra pause {infra.id}     take it down: shoal infra destroy {infra.id}")
        raise typer.Exit(STOPPED) from None


def levels(facts: dict[str, Any]) -> str:
    """Return how far each node is, by level, as a table."""
    rows = [
        (number, node, *_numbers(facts["nodes"][node]))
        for number, level in enumerate(facts["levels"], 1)
        for node in level
        if node in facts["nodes"]
    ]
    rows += [("-", node, *_numbers(counts)) for node, counts in _others(facts)]
    return table(["LEVEL", "NODE", "WANTED", "READY", "MACHINES"], rows, right=["LEVEL", "WANTED", "READY"])


def sentence(facts: dict[str, Any]) -> str:
    """Return how far it is, in one line: `building: 2/3 ready; worker 1/2 (1 checking)`."""
    nodes = facts["nodes"]
    if facts["phase"] in GOING:
        left = sum(sum(node["states"].values()) for node in nodes.values())
        return f"{facts['phase']}: {counted(left, 'machine')} left"
    ready, wanted = _ready(nodes.values())
    unready = [
        f"{name} {counts['ready']}/{counts['target']}{_states(counts)}"
        for name, counts in nodes.items()
        if counts["ready"] != counts["target"] or counts["actual"] != counts["ready"]
    ]
    return "; ".join([f"{facts['phase']}: {ready}/{wanted} ready", *unready])


@contextmanager
def _shown() -> Iterator[Show]:
    if sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        yield _Lines()


class _Lines:
    """Say a line for each change, but not more often than a log wants it."""

    def __init__(self) -> None:
        self._said, self._last = -LINE_EVERY, ""
        self._ready = -1
        self._reasons = Reasons()

    def __call__(self, infra: Infrastructure) -> None:
        line = "; ".join([sentence(infra.facts), *self._reasons.of(infra)])
        now = time.monotonic()
        ready = sum(node["ready"] for node in infra.facts["nodes"].values())
        moved = ready != self._ready or infra.facts["done"] >= infra.turn
        if line != self._last and (moved or now - self._said >= LINE_EVERY):
            self._said, self._last, self._ready = now, line, ready
            say(line)


@contextmanager
def _live() -> Iterator[Show]:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    told = (TextColumn("{task.description}", markup=False), TextColumn("{task.fields[far]}"))
    bar = Progress(told[0], BarColumn(BAR), told[1], TimeElapsedColumn())
    task, most, reasons = bar.add_task("", total=1, far=""), 0, Reasons()
    with Live(console=Console(stderr=True), transient=True, auto_refresh=False) as shown:

        def show(infra: Infrastructure) -> None:
            nonlocal most
            done, most, far = _far(infra.facts, most)
            about = f"{printable(infra.name)[:LONGEST_NAME]} {infra.phase}"
            bar.update(task, completed=done, total=most or 1, far=far, description=about)
            shown.update(Group(bar, Text("\n".join([levels(infra.facts), *reasons.of(infra)]))), refresh=True)

        yield show


def _far(facts: dict[str, Any], most: int) -> tuple[int, int, str]:
    """Return how many machines are done with, of how many, and that in words; `most` were left before."""
    nodes = facts["nodes"].values()
    if facts["phase"] in GOING:
        left = sum(sum(node["states"].values()) for node in nodes)
        return max(most, left) - left, max(most, left), f"{left:,} left"
    ready, wanted = _ready(nodes)
    return ready, wanted, f"{ready:,}/{wanted:,} ready"


def _ready(nodes: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """Return how many machines are ready that are wanted, and how many are wanted."""
    return sum(min(node["ready"], node["target"]) for node in nodes), sum(node["target"] for node in nodes)


def _numbers(counts: dict[str, Any]) -> tuple[Any, ...]:
    return counts["target"], counts["ready"], _states(counts).strip(" ()") or "-"


def _others(facts: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    known = {node for level in facts["levels"] for node in level}
    return [(node, counts) for node, counts in facts["nodes"].items() if node not in known]


def _states(counts: dict[str, Any]) -> str:
    told = [f"{number} {state}" for state, number in counts["states"].items() if number and state != "ready"]
    if counts["ready"] > counts["target"]:
        told.append(f"{counts['ready'] - counts['target']} too many")
    return f" ({', '.join(told)})" if told else ""
