"""/plot: the pictures of a report, as PNG."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server import offload
from shoal.server.draining import Draining
from shoal.server.drawing import drawn
from shoal.server.faces import Face
from shoal.server.kmeans_service.answers import refused_file
from shoal.server.kmeans_service.arguments import Arguments, arguments_of, both
from shoal.server.kmeans_service.axes import axes_of
from shoal.server.kmeans_service.job import Reader, finished, found_job, least_of
from shoal.server.kmeans_service.task_page import task_id_of
from shoal.server.parts import House
from shoal.server.rules import TheDraining, TheHouse
from shoal.studies.figures.request import FigureRequest
from shoal.studies.model import Study

router = APIRouter(include_in_schema=False)
# A rerun makes another picture of the same address.
SCALE = 1.5  # as the pages show them
HEADERS = {"Cache-Control": "private, no-cache"}


class Board:
    """Hold what drawing needs: the house, who asks, and the arguments."""

    def __init__(self, request: Request, house: TheHouse, draining: TheDraining, actor: Reader) -> None:
        self._request = request
        self._house: House = house
        self._draining: Draining = draining
        self._actor: Actor = actor

    async def draw(self, name: str, *options: str) -> Response:
        """Return a figure of a finished job as PNG; `options` name what its address may say.

        Raises:
            NotFound, InvalidInput, Conflict, Unavailable: as the job and `drawn` do.
        """
        given = await arguments_of(self._request)

        def settle(conn: Connection) -> tuple[Study, FigureRequest]:
            study = finished(found_job(conn, self._actor, Action.STUDY_READ, given.text("job_id")))
            return study, _wish(conn, study, given, name, options)

        study, wish = await offload.read(self._house.database, settle)
        drawing = await drawn(self._house, self._draining, study, wish)
        return Response(drawing.content, media_type=drawing.media, headers=HEADERS)


TheBoard = Annotated[Board, Depends()]


@both(router, "/plot/aic_bic", "GET")
async def aic_bic(board: TheBoard, _: Reader) -> Response:
    """Draw AIC and BIC against the number of clusters, for each covariance mode."""
    return await board.draw("scores", "min_members")


@both(router, "/plot/count", "GET")
async def counts(board: TheBoard, _: Reader) -> Response:
    """Draw how many repeats count, for each number of clusters and covariance mode."""
    return await board.draw("counts", "min_members")


@both(router, "/plot/cluster", "GET")
async def cluster(board: TheBoard, _: Reader) -> Response:
    """Draw the rows with their clusters: the recommended task of each mode, or with `plot_best` the best."""
    return await board.draw("clusters", "axes", "min_members", "show_ticks", "plot_best")


@both(router, "/plot/task", "GET")
async def task(board: TheBoard, _: Reader) -> Response:
    """Draw the clusters of one task."""
    return await board.draw("fit", "axes", "show_ticks", "task_id")


@both(router, "/plot/correlation", "GET")
async def correlation(board: TheBoard, _: Reader) -> Response:
    """Draw how the columns of the file go together."""
    return await board.draw("correlation")


def _wish(
    conn: Connection, study: Study, given: Arguments, name: str, options: tuple[str, ...]
) -> FigureRequest:
    said: dict[str, Any] = {"theme": given.text("theme") or "light"}
    if "min_members" in options:
        said["min_members"] = least_of(study, given)
    if "axes" in options:
        axes = axes_of(conn, study, given)
        said |= {"x": axes.x, "y": axes.y}
    if "show_ticks" in options:
        said["ticks"] = given.flag("show_ticks", default=True)
    if "task_id" in options:
        said["fit"] = task_id_of(conn, study, given)
    if "plot_best" in options and given.flag("plot_best"):
        name = "cluster"
    criterion: Any = "both" if name == "scores" else "bic"
    return FigureRequest(name=name, format="png", criterion=criterion, scale=SCALE, **said)


PLOTS = Face("plots of K-Means Service", router, render=refused_file, below="/plot")
