"""Containers whose worker is dead: nobody waits for them, so they are removed.

Each container carries a label with its worker's process, of a kind that never comes twice. So whether an
attempt is over can be told here, without asking the database, and a worker that lives keeps its container.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

from shoal.base.errors import ShoalError
from shoal.base.process import is_alive, space
from shoal.jobs.containers import finding
from shoal.jobs.containers.container import Container
from shoal.jobs.containers.creation import HOME, JOB, PROCESS
from shoal.jobs.containers.engine import Engine

Labels = Mapping[str, str]


def home_label(nest: str) -> str:
    """Return what marks the containers of one home on one machine; `nest` is where its jobs work."""
    return hashlib.sha256(f"{socket.gethostname()}:{nest}".encode()).hexdigest()[:16]


def remove_before(engine: Engine, labels: Labels) -> None:
    """Remove what nobody waits for any more, before a container with these labels is made.

    That is what dead workers of this machine left, and what this worker (which runs one job at a time) or an
    earlier attempt at the job left at an engine that was gone for a while.
    """

    def is_over(found: Labels) -> bool:
        same_job = all(found.get(name) == labels[name] for name in (HOME, JOB))
        return same_job or found.get(PROCESS) == labels[PROCESS] or _is_dead(found)

    _remove(engine, PROCESS, is_over)


def remove_orphans(engine: Engine) -> None:
    """Remove the containers of workers of this machine that are dead."""
    _remove(engine, PROCESS, _is_dead)


def clear(configured: str | None, nest: str) -> None:
    """Remove what a home's earlier life left at its engine; workers of this life keep what is theirs."""
    with suppress(ShoalError):
        label = f"{HOME}={home_label(nest)}"
        _remove(finding.find(configured), label, lambda found: not is_alive(found.get(PROCESS, "")))


def _remove(engine: Engine, label: str, is_over: Callable[[Labels], bool]) -> None:
    found = engine.get("/containers/json", all=True, filters={"label": [label]})
    for each in found:
        if is_over(each["Labels"]):
            Container(engine, each["Id"]).remove()


def _is_dead(labels: Labels) -> bool:
    label = labels.get(PROCESS, "")
    return label.startswith(f"{space()}/") and not is_alive(label)
