"""Live tasks in words and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shoal.base.clock import SECOND, now
from shoal.cli.output import table
from shoal.cli.words import ago
from shoal.studies.wording import counted, duration, measured, percent, printable

Facts = dict[str, Any]
MOST_NUMBERS = 6
EMPTY = "No live tasks yet. Make one: shoal live play sensors --algorithm kmeans --k 3   or: shoal demo"


def lines(tasks: Sequence[Facts]) -> str:
    """Return tasks as a table."""
    if not tasks:
        return EMPTY
    head = ["ID", "NAME", "STATE", "CLUSTERS", "ROWS", "ITERATIONS", "MADE", "OWNER"]
    return table(head, map(_line, tasks), right=["CLUSTERS", "ROWS", "ITERATIONS"])


def page(task: Facts) -> str:
    """Return one task: how it is, and its clusters."""
    parts = [f"{task['id']}  {headline(task)}", _error(task), _clusters(task), _metrics(task)]
    return "\n\n".join(part for part in parts if part)


def headline(task: Facts) -> str:
    """Return a task in one line: name, state, clusters, rows, speed, iterations."""
    summary = task.get("summary") or {}
    speed = (summary.get("metrics") or {}).get("rows_per_second")
    parts = [
        printable(task["name"] or task["id"]),
        task["state"],
        counted(task["clusters"], "cluster") if task["clusters"] is not None else "nothing found yet",
        counted(task["rows"], "row"),
        f"{speed:,.0f}/s" if speed else "",
        f"iteration {task['iterations']:,}" if task["iterations"] else "",
    ]
    return "  ".join(part for part in parts if part)


def age(moment: int) -> str:
    """Return how old something is, in its largest unit: `9 s`, `2 h`."""
    seconds = max(0, (now() - moment) // SECOND)
    return f"{seconds} s" if seconds < 60 else ago(moment).removesuffix(" ago")


def told(event: Facts) -> str:
    """Return what happened in the pages' words: `Cluster 3 born`."""
    from shoal.live.tasks import LiveEvent
    from shoal.server.pages.live.words import told as in_words

    return printable(in_words(LiveEvent(task="", **event)))


def _line(task: Facts) -> tuple[Any, ...]:
    return (
        task["id"],
        printable(task["name"]),
        task["state"],
        task["clusters"],
        f"{task['rows']:,}",
        f"{task['iterations']:,}",
        ago(task["created"]),
        task["owner"],
    )


def _error(task: Facts) -> str:
    return f"It failed: {task['error']['message']} ({task['error']['code']})" if task["error"] else ""


def _clusters(task: Facts) -> str:

    summary = task["summary"]
    if not summary or not summary["clusters"]:
        return ""
    rows = [
        (
            each["id"],
            f"{each['rows']:,.0f}",
            percent(each["share"]),
            age(each["born"]),
            _centre(each["centre"]),
        )
        for each in summary["clusters"]
    ]
    return table(["CLUSTER", "ROWS", "SHARE", "AGE", "CENTRE"], rows, right=["CLUSTER", "ROWS", "SHARE"])


def _centre(centre: Sequence[Any]) -> str:
    if centre and isinstance(centre[0], list):
        return f"a series of {len(centre)}"
    shown = "  ".join(measured(value, "-") for value in centre[:MOST_NUMBERS])
    return shown + (f"  and {len(centre) - MOST_NUMBERS} more" if len(centre) > MOST_NUMBERS else "")


def _metrics(task: Facts) -> str:
    found = (task["summary"] or {}).get("metrics") or {}
    shown = {name: value for name, value in found.items() if value is not None and name != "last_data"}
    return "  ".join(f"{name} {_metric(name, value)}" for name, value in shown.items())


def _metric(name: str, value: float) -> str:
    return duration(value) if name == "duration" else f"{value:,.5g}"
