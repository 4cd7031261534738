"""What is done to many jobs at once: cancel, run again, remove; what it does not fit stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.jobs.requests.submitting import rerun
from shoal.jobs.states import ENDS, State
from shoal.jobs.store import browsing, cancelling, editing
from shoal.jobs.store.browsing import Line
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.job_acts import drop_logs, may_change
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text, texts
from shoal.server.pages.jobs.wanted import PATH, Wanted, known_to, wanted_of
from shoal.server.rules import Rule, TheHouse
from shoal.studies.wording import counted

CHANGED = fault_point("pages.jobs", "Jobs are cancelled, queued again or removed by a form.")
MOST = 10_000
QUEUE = "/app/queue"
router = APIRouter(include_in_schema=False)
Changer = Annotated[Actor, Depends(Rule(Action.JOB_CHANGE))]


class Act(NamedTuple):
    """What a button does: to which states, and what is said of it."""

    fits: Callable[[State], bool]
    do: Callable[[Connection, Sequence[int]], object]
    done: str
    rest: str


class Done(NamedTuple):
    """What was done, in words, and the logs that nothing names any more."""

    told: str
    logs: list[str]


ACTS = {
    "cancel": Act(lambda state: state not in ENDS, cancelling.cancel, "cancelled", "had ended"),
    "rerun": Act(lambda state: state in ENDS, rerun, "queued again", "had not ended"),
    "remove": Act(
        lambda state: state in ENDS or state is State.DRAFT, editing.remove, "removed", "had not ended"
    ),
}


@router.post(f"{PATH}/acts")
async def act_on_many(request: Request, house: TheHouse, actor: Changer) -> Response:
    """Do something to the jobs that are chosen, or to all that fit the filter."""
    async with form_of(request) as form:
        wanted, chosen = _view(form), _chosen(form)
        name, every = _act(form)
    back = QUEUE if text(form, "then") == "queue" else wanted.address.to(page=_page(form))
    if not chosen and not every:
        return go(request, back, "Choose jobs first.", done=False)

    def act(conn: Connection) -> Done:
        return _done(conn, ACTS[name], _lines(conn, actor, wanted, chosen, every))

    done = await offload.write(house.database, CHANGED, act)
    await asyncio.to_thread(drop_logs, house, done.logs)
    return go(request, back, done.told)


def _lines(conn: Connection, actor: Actor, wanted: Wanted, chosen: list[int], every: bool) -> list[Line]:
    if every:
        chosen = browsing.ids(conn, wanted.filter(actor, known_to(conn, actor)), MOST)
    found = list(browsing.lines_of(conn, chosen).values())
    for line in found:
        may_change(actor, line)
    return found


def _done(conn: Connection, act: Act, found: Sequence[Line]) -> Done:
    fitting = [line.id for line in found if act.fits(line.state)]
    made = act.do(conn, fitting) if fitting else None
    rest = len(found) - len(fitting)
    told = f"{counted(len(fitting), 'job')} {act.done}." if fitting else f"No job was {act.done}."
    logs = made.logs if isinstance(made, editing.Removed) else []
    return Done(f"{told} {rest:,} {act.rest}." if rest else told, logs)


def _act(form: FormData) -> tuple[str, bool]:
    """Return what is to be done, and whether to all that fit the filter."""
    name, _, scope = text(form, "act").partition("-")
    if name not in ACTS:
        raise InvalidInput("This form says nothing that can be done to jobs.", hint="Load the page again.")
    return name, scope == "all"


def _view(form: FormData) -> Wanted:
    return wanted_of(QueryParams(parse_qsl(text(form, "view"))))


def _page(form: FormData) -> str:
    page = text(form, "page")
    return page if page.isascii() and page.isdecimal() and len(page) < 7 and page != "1" else ""


def _chosen(form: FormData) -> list[int]:
    given = [one for value in texts(form, "job") for one in value.split(",")]
    return [int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 19][:MOST]


JOB_LIST_ACTS = Face("buttons of the list of jobs", router, render=error_page, below="/app")
