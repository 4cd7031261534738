"""The rows that a live task's page draws: only the columns that are clustered, with the clusters' ids."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from shoal.live.model import LiveTask
from shoal.live.tasks import Points
from shoal.server.api.live_parts import BINARY, packed
from shoal.server.api.live_views import clusters_of
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.live.looking import PATH, Id, Reader, seen
from shoal.server.pages.live.words import clustered
from shoal.server.rules import TheHouse

MOST = 100_000
router = APIRouter(prefix=f"{PATH}/{{task}}", include_in_schema=False)
Since = Annotated[int, Query(ge=0, le=LATEST)]
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/points")
async def points(
    task: Id, house: TheHouse, actor: Reader, since: Since = 0, limit: Limit = 20_000
) -> Response:
    """Send the newest rows from `since` on, in the form of the API's points."""
    found = await seen(house, actor, task)
    told = drawn(found.task, await house.live.points(found.task.id, since, limit))
    return Response(packed(told), media_type=BINARY, headers={"Cache-Control": "no-store"})


def drawn(task: LiveTask, points: Points) -> Points:
    """Return the clustered columns of rows; labels, which are places, become ids."""
    names = list(task.wish.columns)
    chosen = [names.index(name) for name in clustered(task.wish)]
    rows = points.rows[:, chosen] if chosen and len(chosen) < points.rows.shape[1] else points.rows
    return points._replace(rows=rows, labels=clusters_of(points.labels, points.ids))


LIVE_POINTS = Face("points of a live task's page", router, render=error_page, below="/app")
