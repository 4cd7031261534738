"""What would have to be done now: /app/infra/ID/plan, as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.infra.deciding.plan import Act, Plan
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import render
from shoal.server.pages.infra.looking import PATH, Id, Reader, seen
from shoal.server.pages.words import price
from shoal.server.rules import TheHouse
from shoal.studies.wording import counted, listed

router = APIRouter(prefix=f"{PATH}/{{infra}}/plan", include_in_schema=False)
NOTHING = "Nothing to do. The machines match the description."


@router.get("")
async def show(request: Request, infra: Id, house: TheHouse, actor: Reader) -> Response:
    """Show what a pass would do to an infrastructure."""
    found = await seen(house, actor, infra)
    plan = (await house.infra.plan_of(found.infra.id)).plan
    return render(request, "infra_plan.html.j2", dict(found.facts()) | shown(plan))


def summary(plan: Plan) -> str:
    """Say in a sentence what a plan changes, and what that costs an hour as far as prices are known."""
    if not plan.changes:
        return NOTHING
    acts = [step.act for step in plan.steps]
    counts = f"{acts.count(Act.CREATE)} to add, {acts.count(Act.REPLACE)} to replace, "
    counts += f"{acts.count(Act.DROP)} to remove, {acts.count(Act.KEEP)} unchanged."
    if not (plan.cost or plan.cost_now):
        return counts
    return f"{counts} Cost {price(plan.cost_now)} → {price(plan.cost)} an hour."


class Change(NamedTuple):
    """A line of a plan: machines of a node that come, or one that is replaced or goes."""

    act: Act
    node: str
    what: str
    why: str


def shown(plan: Plan) -> dict[str, Any]:
    """Return what templates show of a plan."""
    order = ", then ".join(listed(level) for level in plan.levels)
    return {"plan": plan, "summary": summary(plan), "changes": list(_changes(plan)), "order": order}


def _changes(plan: Plan) -> Iterator[Change]:
    """Yield what changes; the new machines of a node are alike, so they are one line."""
    for (act, node), steps in groupby(plan.steps, lambda step: (step.act, step.node)):
        if act is Act.CREATE:
            several = list(steps)
            cost = several[0].price
            why = f"{price(cost)} an hour each" if cost else ""
            yield Change(act, node, counted(len(several), "machine"), why)
        elif act is not Act.KEEP:
            yield from (Change(act, node, step.name or "", step.reason) for step in steps)


PLANNING = Face("plan of an infrastructure", router, render=error_page, below="/app")
