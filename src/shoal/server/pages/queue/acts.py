"""What the buttons of the queue do: drain and resume workers, set and lift limits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.jobs.store import limits, registry
from shoal.server import offload
from shoal.server.api.workers import DRAIN
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.queue.page import PATH
from shoal.server.rules import Rule, TheHouse

LIMIT = fault_point("pages.limit", "A limit is set or lifted by a form.")
MOST = 1_000_000
router = APIRouter(prefix=PATH, include_in_schema=False)
Drainer = Annotated[Actor, Depends(Rule(Action.WORKER_CHANGE))]
Limiter = Annotated[Actor, Depends(Rule(Action.JOB_LIMIT))]


@router.post("/drain")
async def drain(request: Request, house: TheHouse, actor: Drainer) -> Response:
    """Let a worker take no more jobs, or take them again."""
    async with form_of(request) as form:
        name, on = text(form, "worker"), text(form, "on") == "yes"
    await offload.write(house.database, DRAIN, lambda conn: registry.drain(conn, name, on))
    told = "It takes no more jobs; what it has it goes on with." if on else "It takes jobs again."
    return go(request, PATH, told)


@router.post("/limits")
async def set_limit(request: Request, house: TheHouse, actor: Limiter) -> Response:
    """Set a limit, or lift it when no number is given."""
    async with form_of(request) as form:
        scope, name, number = (text(form, field).strip() for field in ("scope", "name", "n"))
    n = _number(number)

    def act(conn: Connection) -> None:
        if scope == limits.RATE:
            return limits.set_rate(conn, name, n)
        limits.set_limit(conn, n=n, **{scope if scope in ("kind", "owner", "group") else "kind": name})

    await offload.write(house.database, LIMIT, act)
    return go(request, f"{PATH}#limits", "The limit is lifted." if n is None else "The limit holds.")


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:9]) <= MOST):
        raise InvalidInput(
            f"{text[:40]!r} is not a number from 0 to {MOST:,}.", hint="Go back and change it."
        )
    return int(text)


QUEUE_BUTTONS = Face("buttons of the queue", router, render=error_page, below="/app")
