"""Who works, wherever it is, and at what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from shoal.base.transaction import now
from shoal.jobs.nodes import members
from shoal.jobs.nodes.members import Node
from shoal.jobs.states import State
from shoal.jobs.store import registry
from shoal.jobs.store.tables import attempts, jobs, workers

WorkerState = Literal["idle", "busy", "draining", "gone"]
NODE = "node:"


@dataclass(frozen=True, slots=True)
class Running:
    """A job that a worker runs, since when (µs)."""

    job: int
    kind: str
    name: str
    owner: str
    since: int


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A pool of worker processes: the server's own, another server's, or a node's.

    `ahead` is how many jobs it was given and has not begun; `seen` its last sign of life, `joined` when a
    node joined (µs); `resources` is what it last had free, `version` a node's version of Shoal.
    """

    name: str
    node: bool
    host: str
    state: WorkerState
    draining: bool
    labels: tuple[str, ...]
    resources: Mapping[str, float]
    workers: int | None
    version: str
    seen: int | None
    joined: int | None
    running: tuple[Running, ...]
    ahead: int


def list_workers(conn: Connection) -> list[WorkerFacts]:
    """Return every pool and node, also those that are gone but not forgotten, by name."""
    moment = now(conn)
    rows = {row.name: row for row in conn.execute(select(workers))}
    nodes = {node.worker.name: node for node in members.list_nodes(conn)}
    running, ahead = _at_work(conn)
    return [
        _facts(name, rows.get(name), nodes.get(name), running[name], ahead[name], moment)
        for name in sorted({*rows, *nodes})
    ]


def _facts(
    name: str, row: Any, node: Node | None, running: list[Running], ahead: int, moment: int
) -> WorkerFacts:
    seen = row.seen if row is not None and row.seen else None
    offer = node.offer if node is not None else None
    labels = offer.labels if offer is not None else () if row is None else tuple(row.labels)
    return WorkerFacts(
        name=name.removeprefix(NODE) if node is not None else name,
        node=node is not None,
        host=offer.host if offer is not None else row.host,
        state=_state(row, seen, bool(running or ahead), moment),
        draining=row is not None and row.draining,
        labels=labels,
        resources=row.resources if row is not None else {},
        workers=offer.workers if offer is not None else None,
        version=offer.version if offer is not None else "",
        seen=seen,
        joined=node.joined if node is not None else None,
        running=tuple(running),
        ahead=ahead,
    )


def _state(row: Any, seen: int | None, is_busy: bool, moment: int) -> WorkerState:
    if seen is None or seen <= moment - registry.GONE:
        return "gone"
    if row.draining:
        return "draining"
    return "busy" if is_busy else "idle"


def _at_work(conn: Connection) -> tuple[defaultdict[str, list[Running]], defaultdict[str, int]]:
    running: defaultdict[str, list[Running]] = defaultdict(list)
    ahead: defaultdict[str, int] = defaultdict(int)
    columns = (attempts.c.worker, attempts.c.state, attempts.c.started, attempts.c.leased)
    query = (
        select(*columns, jobs.c.id, jobs.c.kind, jobs.c.name, jobs.c.owner)
        .join(jobs, jobs.c.id == attempts.c.job)
        .where(attempts.c.expires.is_not(None))
        .order_by(attempts.c.leased, jobs.c.id)
    )
    for row in conn.execute(query):
        if row.state == State.LEASED:
            ahead[row.worker] += 1
        else:
            since = row.started or row.leased
            running[row.worker].append(Running(row.id, row.kind, row.name, row.owner, since))
    return running, ahead
