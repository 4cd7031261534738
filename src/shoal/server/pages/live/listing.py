"""All live tasks: /app/live, and the part of it that moves."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Actor
from shoal.live.model import LiveTask, Summary
from shoal.server.faces import Face
from shoal.server.kernels import seconds_left
from shoal.server.pages.address import Address, Search
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.live.looking import PATH, Reader, current, label_of
from shoal.server.pages.live.words import ALGORITHMS, RUNS, look_of, sentence
from shoal.server.pages.look import Look
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(include_in_schema=False)
SIZE = 25
MOST_AT_WORK, MOST_LOOKED_AT = 10, 100
After = Annotated[str, Query(max_length=255)]


class Line(NamedTuple):
    """A task as lists show it."""

    task: LiveTask
    summary: Summary | None
    look: Look
    label: str
    sentence: str
    algorithm: str

    @property
    def rate(self) -> float:
        """Return how many rows a second come, 0 when it does not run."""
        return self.summary.metrics.get("rows_per_second", 0.0) if self.summary and self.runs else 0.0

    @property
    def runs(self) -> bool:
        """Say whether it is at work."""
        return self.task.state in RUNS


@router.get(PATH)
async def show(
    request: Request, house: TheHouse, actor: Reader, q: Search = "", after: After = ""
) -> Response:
    """Show the newest tasks, or those that fit a search."""
    return render(request, "live.html.j2", await _context(request, house, actor, q.strip(), after))


@router.get("/app/part/live")
async def show_part(
    request: Request, house: TheHouse, actor: Reader, q: Search = "", after: After = ""
) -> Response:
    """Send the table of the list again."""
    return part(request, "live_table.html.j2", await _context(request, house, actor, q.strip(), after))


async def _context(request: Request, house: House, actor: Actor, q: str, after: str) -> dict[str, Any]:
    owner = None if actor.admin else actor.name
    found = await house.live.find(owner, None, q, SIZE + 1, after or None)
    return {
        "lines": [await line_of(house, task) for task in found[:SIZE]],
        "address": Address(PATH, {"q": q, "after": after}, {}),
        "next": found[SIZE - 1].id if len(found) > SIZE else "",
        "server": f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}",
    }


async def lines_at_work(house: House, owner: str | None) -> list[Line]:
    """Return the tasks that are at work, the newest first; costs nothing in a home that never had one."""
    tasks = await house.live.find(owner, limit=MOST_LOOKED_AT)
    lines = [await line_of(house, task) for task in tasks if task.state in RUNS]
    return lines[:MOST_AT_WORK]


async def line_of(house: House, task: LiveTask) -> Line:
    """Return a task as lists show it."""
    summary = current(task, await house.live.summary(task.id))
    return Line(
        task,
        summary,
        look_of(task),
        label_of(task),
        sentence(task, summary, seconds_left()),
        ALGORITHMS[task.wish.algorithm.name],
    )


LIVE_LIST = Face("list of live tasks", router, render=error_page, below="/app")
