"""The page of a live task, /app/live/ID, and the part of it that tells its state."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shoal.base import clock
from shoal.server.faces import Face
from shoal.server.kernels import seconds_left
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import part, render
from shoal.server.pages.job.fields import Field
from shoal.server.pages.live.fields import ALGORITHM, ALL, NAME, texts_of
from shoal.server.pages.live.looking import PATH, Id, Reader, Seen, seen
from shoal.server.pages.live.slots import Slots
from shoal.server.pages.live.telling import event_view, found_view
from shoal.server.pages.live.words import ALGORITHMS, METRICS, RARE_METRICS, look_of, sentence, slow
from shoal.server.parts import House
from shoal.server.rules import TheHouse

router = APIRouter(prefix=f"{PATH}/{{task}}", include_in_schema=False)
MOST_EVENTS = 100
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 100_000)
USUAL = 20_000
MODULES = ("points", "axes", "centres", "scene", "stream", "tables", "metrics", "figures")


@router.get("")
async def show(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Show a task while it moves."""
    found = await seen(house, actor, task)
    if found.task.id != task:  # `last` is a name, not a place.
        return RedirectResponse(request.scope.get("root_path", "") + found.here, 303)
    events = await house.live.events(found.task.id)
    context = _now(house, found) | {
        "found": found_view(found.summary, Slots()) if found.summary else None,
        "events": [event_view(one) for one in reversed(events[-MOST_EVENTS:])],
        "metrics": METRICS,
        "rare_metrics": RARE_METRICS,
        "sizes": SIZES,
        "usual_size": _size(found.task.wish.algorithm.frame_size),
        "modules": MODULES,
        "settings": _settings(found),
        "now": clock.now() // 1000,
    }
    return render(request, "live_task.html.j2", context)


@router.get("/part/now")
async def show_now(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Send how a task stands."""
    return part(request, "live_now.html.j2", _now(house, await seen(house, actor, task)))


def _size(frame: int) -> int:
    """Return how many points to draw: those the clusters are of, where that is few enough."""
    return next((size for size in SIZES if size >= frame), SIZES[-1]) if 0 < frame < USUAL else USUAL


def _now(house: House, found: Seen) -> dict[str, Any]:
    return found.facts() | {
        "look": look_of(found.task),
        "sentence": sentence(found.task, found.summary, seconds_left()),
        "compiling": seconds_left() is not None,
        "algorithm": ALGORITHMS[found.task.wish.algorithm.name],
        "summary": found.summary,
        "slow": slow(found.task, found.summary, house.settings.live.waiting_rows),
        "trouble": house.live.trouble,
    }


def _settings(found: Seen) -> list[tuple[str, str]]:
    """Return what was asked for and is not as usual, by the labels of the form."""
    texts = texts_of(found.task.wish)
    said = [one for one in ALL if one not in (NAME, ALGORITHM) and texts[one.name] not in ("", one.usual)]
    return [(one.label, _words(one, texts[one.name])) for one in (ALGORITHM, *said)]


def _words(field: Field, text: str) -> str:
    if text.isdecimal() and field.name != "random_state":
        return f"{int(text):,}"
    return dict(field.choices).get(text, ", ".join(text.splitlines()))


LIVE_PAGE = Face("page of a live task", router, render=error_page, below="/app")
