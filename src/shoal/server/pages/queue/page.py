"""The queue: who works, what waits and why, limits, what failed for good: /app/queue."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor, decide
from shoal.jobs.nodes.overview import WorkerFacts, list_workers
from shoal.jobs.store import limits
from shoal.server import offload
from shoal.server.api.waiting import trouble_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.queue.schedules import Planned, planned
from shoal.server.pages.queue.waiting import Fault, Waits, faults, waits
from shoal.server.pages.queue.workers import crews, running_seconds
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse

PATH = "/app/queue"
SCOPES = {
    "kind": "jobs of the kind {} at once",
    "owner": "jobs of {} at once",
    "group": "jobs of the group {} at once",
    "rate": "starts a minute of {}",
}
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]


class Limit(NamedTuple):
    """A limit in words: `At most 4 jobs of the kind container at once`."""

    scope: str
    name: str
    n: int

    @property
    def words(self) -> str:
        """Return what it says."""
        name = "each owner" if (self.scope, self.name) == limits.EVERYONE else self.name
        return f"At most {self.n:,} {SCOPES.get(self.scope, '{}').format(name)}"


class Seen(NamedTuple):
    """What the database says of the queue."""

    workers: list[WorkerFacts]
    waits: Waits
    faults: list[Fault]
    failed: int
    limits: list[Limit]
    schedules: list[Planned]


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Show the queue."""
    return render(request, "queue.html.j2", await _context(house, actor))


@router.get("/app/part/queue")
async def live(request: Request, house: TheHouse, actor: Reader) -> Response:
    """Send what moves on the page."""
    return part(request, "queue_now.html.j2", await _context(house, actor))


async def _context(house: House, actor: Actor) -> dict[str, Any]:
    seen = await offload.read(house.database, lambda conn: _seen(conn, actor))
    return {
        **seen._asdict(),
        "crews": await asyncio.to_thread(crews, seen.workers, house, actor),
        "running_seconds": running_seconds,
        "trouble": trouble_of(house),
        "may_drain": decide(actor, Action.WORKER_CHANGE).allowed,
        "may_limit": decide(actor, Action.JOB_LIMIT).allowed,
        "errors": {},
    }


def _seen(conn: Connection, actor: Actor) -> Seen:
    found, failed = faults(conn, actor)
    known = [Limit(scope, name, n) for (scope, name), n in sorted(limits.every(conn).items())]
    told = [one for one in known if _is_told(one)]
    return Seen(list_workers(conn), waits(conn, actor), found, failed, told, planned(conn, actor))


def _is_told(limit: Limit) -> bool:
    """Say whether a limit is somebody's own; those of arrays stand with their jobs."""
    return not (limit.scope == "group" and limit.name.startswith("array "))


QUEUE_PAGE = Face("queue", router, render=error_page, below="/app")
