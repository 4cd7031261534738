"""Bounds on what runs at once, starts a minute, or may be handed in: /api/v1/limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor, require
from shoal.base.faults import fault_point
from shoal.jobs.store import limits, quotas
from shoal.server import offload
from shoal.server.api.shapes.schedules import LimitList, LimitWish
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

CHANGE = fault_point("limits_api.change", "A limit, a rate or a quota is set or lifted.")
router = APIRouter(prefix="/api/v1/limits", tags=["limits"])
Limiter = Annotated[Actor, Depends(Rule(Action.JOB_LIMIT))]
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
Scope = Annotated[
    Literal["kind", "owner", "group", "rate", "quota"],
    Path(description="of jobs that run at once: kind, owner, group; of an owner: starts a minute, quota"),
]
Name = Annotated[str, Path(max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("", operation_id="list_limits", summary="What is bounded", response_model=LimitList)
async def list_limits(house: TheHouse, actor: Reader) -> Response:
    """List every bound; for admins."""
    require(actor, Action.JOB_LIMIT)
    return Json({"limits": await offload.read(house.database, _every)})


@router.put("/{scope}/{name}", operation_id="set_limit", summary="Bound something", response_model=LimitList)
async def set_limit(scope: Scope, name: Name, wish: LimitWish, house: TheHouse, actor: Limiter) -> Response:
    """Set a bound or, with null, lift it; answers all that there are then."""
    await offload.write(house.database, CHANGE, lambda conn: _set(conn, scope, name, wish.n))
    return Json({"limits": await offload.read(house.database, _every)})


def _set(conn: Connection, scope: str, name: str, n: int | None) -> None:
    if scope == "quota":
        quotas.grant(conn, name, n)
    elif scope == "rate":
        limits.set_rate(conn, name, n)
    else:
        limits.set_limit(conn, n=n, **{scope: name})


def _every(conn: Connection) -> list[dict[str, Any]]:
    found = [*limits.every(conn).items(), *((("quota", owner), n) for owner, n in quotas.every(conn).items())]
    return [{"scope": scope, "name": name, "n": n} for (scope, name), n in sorted(found)]


LIMITS = Face("limits", router)
