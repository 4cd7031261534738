"""All jobs: /app/jobs, its live part, and the same as CSV."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base import clock
from shoal.jobs.store.browsing import MOST_COUNTED, Line, job_page
from shoal.server import offload
from shoal.server.api.attachments import attachment
from shoal.server.api.waiting import trouble_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.job_words import kind_words
from shoal.server.pages.jobs.table import Table, table
from shoal.server.pages.jobs.wanted import EVERY, GROUPS, PATH, SINCE, Wanted, known_to
from shoal.server.pages.tables import as_csv
from shoal.server.parts import House
from shoal.server.rules import Rule, TheHouse
from shoal.studies.wording import printable

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.JOB_READ))]
Asked = Annotated[Wanted, Depends()]


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Show one page of jobs."""
    return render(request, "jobs.html.j2", await _context(house, actor, wanted))


@router.get("/app/part/jobs")
async def live(request: Request, house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Send the table of the list again."""
    return part(request, "jobs_table.html.j2", await _context(house, actor, wanted))


@router.get(f"{PATH}.csv")
async def download(house: TheHouse, actor: Reader, wanted: Asked) -> Response:
    """Send what the view has, all pages up to 10,000 jobs, as CSV."""

    def read(conn: Any) -> list[Line]:
        asked = wanted.filter(actor, known_to(conn, actor))
        return job_page(conn, asked, offset=0, limit=MOST_COUNTED)[0]

    found = await offload.read(house.database, read)
    headers = attachment("jobs.csv")
    return Response(as_csv(_columns(found)), media_type="text/csv; charset=utf-8", headers=headers)


async def _context(house: House, actor: Actor, wanted: Wanted) -> dict[str, Any]:
    found = await offload.read(house.database, lambda conn: table(conn, actor, wanted))
    return {
        "table": found,
        "pages": found.pages,
        "address": wanted.address,
        "filtered": wanted.is_filtered,
        "wanted": wanted,
        "since_options": list(SINCE.items()),
        "trouble": trouble_of(house),
        "many_owners": actor.admin,
        "kind_options": _kind_options(found, wanted),
        "state_options": _options(GROUPS, ""),
        "owner_options": _options(found.known.owners, wanted.owner),
        "label_options": _options(found.known.labels, wanted.label),
        "json": _json_address(wanted),
        "nothing": _nothing(wanted),
    }


def _options(words: Collection[str], chosen: str) -> list[tuple[str, str]]:
    """Return choices that say themselves; what is chosen is among them in any case."""
    return [(word, word) for word in [*words, *([chosen] if chosen and chosen not in words else [])]]


def _kind_options(found: Table, wanted: Wanted) -> list[tuple[str, str]]:
    kinds = sorted({*found.known.kinds, *([wanted.kind] if wanted.kind not in ("", EVERY) else [])})
    return [(kind, kind_words(kind)) for kind in kinds] + [(EVERY, "all, with Shoal's own")]


def _json_address(wanted: Wanted) -> str:
    """Return where programs find what the list has, as far as the API filters."""
    states = [("state", state.value) for state in GROUPS.get(wanted.state, ())]
    kinds = [("kind", wanted.kind)] if wanted.kind not in ("", EVERY) else []
    query = urlencode([*states, *kinds])
    return f"/api/v1/jobs?{query}" if query else "/api/v1/jobs"


def _nothing(wanted: Wanted) -> str:
    """Say what there is none of: `No failed jobs by ana of the last hour.`"""
    kind = f"{kind_words(wanted.kind)} " if wanted.kind not in ("", EVERY) else ""
    words = [
        f"No {wanted.state + ' ' if wanted.state else ''}{kind}jobs",
        *([f"by {wanted.owner}"] if wanted.owner else []),
        *([f"like {wanted.text!r}"] if wanted.text else []),
        *([f"with the label {wanted.label}"] if wanted.label else []),
        *([f"of {SINCE[wanted.since]}"] if wanted.since else []),
    ]
    return printable(" ".join(words) + ".")


def _columns(found: list[Line]) -> dict[str, list[str]]:
    def at(moment: int | None) -> str:
        return "" if moment is None else clock.isoformat(moment)

    return {
        "id": [str(line.id) for line in found],
        "name": [line.name for line in found],
        "kind": [line.kind for line in found],
        "state": [line.state.value for line in found],
        "owner": [line.owner for line in found],
        "attempts": [str(line.attempts) for line in found],
        "created": [at(line.created) for line in found],
        "started": [at(line.started) for line in found],
        "ended": [at(line.ended) for line in found],
        "error": [line.error for line in found],
    }


JOB_LIST = Face("list of jobs", router, render=error_page, below="/app")
