"""What would have to be done now: /app/infra/ID/plan, as a diff."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.infra.deciding.plan import Act, Plan
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import render
from shoal.server.pages.infra.looking import PATH, Id, Reader, seen
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{infra}}/plan", include_in_schema=False)
NOTHING = "Nothing to do. The machines match the description."


@router.get("")
async def show(request: Request, infra: Id, house: TheHouse, actor: Reader) -> Response:
    """Show what a pass would do to an infrastructure."""
    found = await seen(house, actor, infra)
    plan = (await house.infra.plan_of(found.infra.id)).plan
    context = dict(found.facts()) | {"plan": plan, "summary": summary(plan), "changes": plan.changes}
    return render(request, "infra_plan.html.j2", context)


def summary(plan: Plan) -> str:
    """Say in a sentence what a plan changes, and what that costs an hour as far as prices are known."""
    if not plan.changes:
        return NOTHING
    acts = [step.act for step in plan.steps]
    counts = f"{acts.count(Act.CREATE)} to add, {acts.count(Act.REPLACE)} to replace, "
    counts += f"{acts.count(Act.DROP)} to remove, {acts.count(Act.KEEP)} unchanged."
    if not (plan.cost or plan.cost_now):
        return counts
    return f"{counts} Cost {plan.cost_now:.3f} → {plan.cost:.3f} an hour."


PLANNING = Face("plan of an infrastructure", router, render=error_page, below="/app")
