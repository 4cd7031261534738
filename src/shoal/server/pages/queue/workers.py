"""Who works, as a page shows it: a row for each pool and node, and below it what its processes do."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from shoal.access import Action, Actor, Resource, decide
from shoal.base import clock
from shoal.jobs.nodes.overview import NODE, Running, WorkerFacts
from shoal.jobs.workers.status import WorkerStatus
from shoal.server.parts import House

PAGE = 4096
WORDS = {"starting": "starts", "idle": "waits for work", "busy": "works", "ending": "ends"}


class Process(NamedTuple):
    """One process of this machine's pool: `memory` in bytes, None when it is not known."""

    number: int
    state: str
    job: int | None
    kind: str | None
    seconds: float | None
    memory: int | None


class Crew(NamedTuple):
    """A pool or a node; `key` is what draining names, `running` what somebody may see of what it does."""

    key: str
    facts: WorkerFacts
    running: list[Running]
    hidden: int
    processes: list[Process]

    @property
    def label(self) -> str:
        """Return what it is called: a node by its name, a pool of a server by its machine."""
        return self.facts.name if self.facts.node else f"{self.facts.host or self.facts.name}, this server"


def crews(found: list[WorkerFacts], house: House, actor: Actor) -> list[Crew]:
    """Return who works, and for this server's own pool what each process does."""
    own = f"{socket.gethostname()}:{house.home.files.resolve()}" if house.supervisor is not None else ""
    return [_crew(one, house, actor, one.name == own) for one in found]


def _crew(one: WorkerFacts, house: House, actor: Actor, is_own: bool) -> Crew:
    shown = [job for job in one.running if _may_see(actor, job)]
    statuses = house.supervisor.status().workers if is_own and house.supervisor is not None else ()
    return Crew(
        NODE + one.name if one.node else one.name,
        one,
        shown,
        len(one.running) - len(shown),
        [_process(each, {job.job for job in shown}) for each in statuses],
    )


def _process(one: WorkerStatus, visible: set[int]) -> Process:
    job = one.job if one.job in visible else None
    return Process(
        one.number, WORDS[one.state], job, one.kind if job else None, one.seconds, _memory(one.pid)
    )


def _may_see(actor: Actor, job: Running) -> bool:
    return decide(actor, Action.JOB_READ, Resource("job", job.job, job.owner)).allowed


def _memory(pid: int | None) -> int | None:
    """Return the bytes of memory that a process holds now, where the system tells."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return None


def running_seconds(job: Running) -> float:
    """Return how long a job has run."""
    return (clock.now() - job.since) / clock.SECOND
