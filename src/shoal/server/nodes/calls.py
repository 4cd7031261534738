"""Joining, and everything about leases: /api/v1/worker."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.base import clock, events
from shoal.base.errors import Conflict, ShoalError
from shoal.base.faults import fault_point
from shoal.jobs import logs
from shoal.jobs.model import Lease
from shoal.jobs.nodes import attempts, members
from shoal.jobs.nodes.encoding import lease_as_json, outcome_from_json
from shoal.jobs.nodes.members import Node
from shoal.jobs.nodes.tags import tag_of
from shoal.jobs.store import progress
from shoal.jobs.workers.desk import Taken
from shoal.jobs.workers.house_desk import FINISH, LEASE, PROGRESS, HouseDesk
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.nodes import shapes
from shoal.server.nodes.admission import WORK, Joined, Joining
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheDraining, TheHouse
from shoal.server.waking import changed

JOIN = fault_point("nodes.join", "A node joins, and what it had before is taken back.")
LEAVE = fault_point("nodes.leave", "A node leaves.")
router = APIRouter(
    prefix="/api/v1/worker", tags=["worker protocol"], include_in_schema=False, dependencies=[WORK]
)


@router.post("/join")
async def join(given: shapes.Joining, house: TheHouse, node: Joining) -> Response:
    """Let a machine in and give it the token of its session."""
    session = await offload.write(
        house.database, JOIN, lambda conn: members.join(conn, node.name, given.offer())
    )
    return Json({"name": node.name, "session": session})


@router.post("/leave")
async def leave(house: TheHouse, node: Joined) -> Response:
    """Let a machine go."""
    await offload.write(house.database, LEAVE, lambda conn: members.leave(conn, node.name))
    return Json({})


@router.post("/lease")
async def lease(given: shapes.Asking, house: TheHouse, node: Joined) -> Response:
    """Give jobs to a node, with the files that each reads."""
    desk = _desk(house, node, given.seconds)

    def act(conn: Connection) -> Taken:
        members.take_turn(conn, node.name, given.turn)
        attempts.give_back_others(conn, node.worker, given.have)
        return desk.take(conn, given.n, given.in_use)

    taken = await asyncio.shield(asyncio.wrap_future(house.database.submit(LEASE, act, relaxed=True)))
    now = clock.now()
    leases = await asyncio.to_thread(lambda: [_told(house, each) for each in taken.leases])
    due = None if taken.due is None else max(0, taken.due - now)
    return Json({"leases": leases, "is_all": taken.is_all, "due_in": due, "now": now})


@router.post("/wait")
async def wait(given: shapes.Waiting, house: TheHouse, draining: TheDraining, node: Joined) -> Response:
    """Answer when there may be work for a node, or an order for it; at the latest after some seconds."""
    await asyncio.wrap_future(_desk(house, node).renew([]))  # It is there, though it has nothing to do.
    await changed(house, draining, lambda conn: _has_news(conn, node, given), given.seconds)

    def look(conn: Connection) -> tuple[int, bool]:
        return events.last(conn), _has_news(conn, node, given)

    seq, news = await offload.read(house.database, look)
    return Json({"seq": seq, "news": news})


@router.post("/start")
async def start(given: shapes.Named, house: TheHouse, node: Joined) -> Response:
    """Record that attempts run."""
    mine = await _own(house, node, given.tokens)
    held = await asyncio.wrap_future(_desk(house, node).start(mine)) if mine else []
    known = dict(zip(mine, held, strict=True))
    return Json({"held": [known.get(token, False) for token in given.tokens]})


@router.post("/renew")
async def renew(given: shapes.Renewing, house: TheHouse, node: Joined) -> Response:
    """Keep leases alive and say what must stop."""
    mine = await _own(house, node, given.tokens)
    orders = await asyncio.wrap_future(_desk(house, node, given.seconds).renew(mine))
    told = [{"token": order.token, "reason": order.reason} for order in orders]
    stale = [{"token": token, "reason": "stale"} for token in given.tokens if token not in mine]
    return Json({"orders": told + stale})


@router.post("/progress")
async def report(given: shapes.Progressing, house: TheHouse, node: Joined) -> Response:
    """Record how far attempts are."""
    mine = await _own(house, node, [one.token for one in given.reports])
    mine_only = [one for one in given.reports if one.token in mine]

    def act(conn: Connection) -> None:
        for one in mine_only:
            progress.report(conn, one.token, one.done, one.total, one.note)

    await asyncio.wrap_future(house.database.submit(PROGRESS, act, relaxed=True))
    return Json({})


@router.post("/return")
async def give_back(given: shapes.Named, house: TheHouse, node: Joined) -> Response:
    """Put jobs back into the queue."""
    mine = await _own(house, node, given.tokens)
    held = await asyncio.wrap_future(_desk(house, node).give_back(mine)) if mine else []
    known = dict(zip(mine, held, strict=True))
    return Json({"held": [known.get(token, False) for token in given.tokens]})


@router.post("/finish")
async def finish(given: shapes.Ending, house: TheHouse, node: Joined) -> Response:
    """Record how attempts ended, all or none; said twice, it changes nothing the second time."""
    outcomes = [(one.token, outcome_from_json(one.outcome)) for one in given.reports]
    try:
        await offload.write(house.database, FINISH, lambda conn: attempts.finish(conn, node.worker, outcomes))
    except ShoalError:
        raise
    except Exception as error:  # Of whatever kind: it is what the job's own `record` thinks of its result.
        raise Conflict(f"{type(error).__name__}: {error}", code="not_recorded") from error
    return Json({})


def _desk(house: House, node: Node, seconds: float = 30.0) -> HouseDesk:
    offer = node.offer
    known = members.may_do(node)
    return HouseDesk(house.database, node.worker, offer.labels, offer.resources, seconds, known)


async def _own(house: House, node: Node, tokens: list[str]) -> list[str]:
    found = await offload.read(house.database, lambda conn: attempts.own(conn, node.worker, tokens))
    return [token for token in tokens if token in found]


def _has_news(conn: Connection, node: Node, given: shapes.Waiting) -> bool:
    if attempts.wants(conn, node.worker, given.tokens):
        return True
    return events.last(conn) > given.after and members.has_work(conn, node)


def _told(house: House, lease: Lease) -> dict[str, Any]:
    # What an attempt wrote that was given back undone has the same place.
    logs.remove(house.home.logs, logs.log_key(lease.job_id, lease.generation, lease.attempt))
    reads = attempts.inputs(lease.kind, lease.spec)
    files = [{"key": key, "tag": tag_of(house.storage, key)} for key in reads]
    return {"lease": lease_as_json(lease), "inputs": files}


WORKER_CALLS = Face("worker protocol", router)
