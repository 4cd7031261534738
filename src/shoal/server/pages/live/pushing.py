"""Giving a live task rows by hand: /app/live/ID/push, and asking where rows belong: /app/live/ID/predict."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.base.errors import ShoalError
from shoal.base.settings import Settings
from shoal.live.tasks import Predicted
from shoal.server.api.attachments import attachment
from shoal.server.api.live_rows import MOST
from shoal.server.api.live_views import clusters_of
from shoal.server.faces import Face
from shoal.server.pages.errors import error_page
from shoal.server.pages.flash import go
from shoal.server.pages.forms import form_of, text
from shoal.server.pages.frame import render
from shoal.server.pages.live.looking import PATH, Id, Pusher, Reader, Seen, seen
from shoal.server.pages.live.rows import FIELD, rows_of, sent_in
from shoal.server.pages.tables import as_csv
from shoal.server.pages.uploading import AROUND
from shoal.server.rules import TheHouse
from shoal.studies.wording import counted

router = APIRouter(prefix=f"{PATH}/{{task}}", include_in_schema=False)
# What is said beside the form; anything else is a page of its own.
SAID = (400, 409, 413, 415, 422, 429)
SHOWN = 200


@router.get("/push")
async def ask_push(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask for rows."""
    return _push_page(request, await seen(house, actor, task), "")


@router.post("/push")
async def push(request: Request, task: Id, house: TheHouse, actor: Pusher) -> Response:
    """Take rows, all or none, or say in its place what is wrong."""
    async with form_of(request) as form:
        found = await seen(house, actor, task, Action.LIVE_PUSH)
        try:
            rows = await rows_of(found.task, await sent_in(form))
            pushed = await house.live.push(found.task.id, rows)
        except ShoalError as error:
            return _push_page(request, found, text(form, FIELD), _wrong(error), error.status)
    return go(request, found.here, f"{counted(pushed.rows, 'row')} pushed.")


@router.get("/predict")
async def ask_predict(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Ask for rows whose clusters shall be told."""
    return _predict_page(request, await seen(house, actor, task), "")


@router.post("/predict")
async def predict(request: Request, task: Id, house: TheHouse, actor: Reader) -> Response:
    """Tell the cluster of each row; the task does not learn from them."""
    async with form_of(request) as form:
        found, said, act = await seen(house, actor, task), text(form, FIELD), text(form, "act")
        try:
            sent = await sent_in(form)
            predicted = await house.live.predict(found.task.id, await rows_of(found.task, sent))
        except ShoalError as error:
            return _predict_page(request, found, said, _wrong(error), error.status)
    if act == "show":
        return _predict_page(
            request, found, said, told=_lines(predicted)[:SHOWN], total=len(predicted.labels)
        )
    labels, distances = zip(*_lines(predicted), strict=True)
    content = as_csv({"Label": labels, "Distance": distances})
    return Response(
        content, media_type="text/csv; charset=utf-8", headers=attachment(f"{sent.name}-clusters.csv")
    )


def _lines(predicted: Predicted) -> list[tuple[str, str]]:
    """Return label and distance of each row; empty where there is no cluster."""
    distances = [] if predicted.distances is None else predicted.distances.tolist()
    pairs = zip(clusters_of(predicted.labels, predicted.ids).tolist(), distances, strict=True)
    return [(str(label), f"{distance:.6g}") if label >= 0 else ("", "") for label, distance in pairs]


def _wrong(error: ShoalError) -> str:
    if error.status not in SAID:
        raise error
    return f"{error.message} {error.hint}".strip()


def _push_page(request: Request, found: Seen, said: str, wrong: str = "", status: int = 200) -> Response:
    return render(request, "live_push.html.j2", _facts(found, said, wrong), status=status)


def _predict_page(
    request: Request, found: Seen, said: str, wrong: str = "", status: int = 200, **result: Any
) -> Response:
    context = _facts(found, said, wrong) | {"told": [], "total": 0} | result
    return render(request, "live_predict.html.j2", context, status=status)


def _facts(found: Seen, said: str, wrong: str) -> dict[str, Any]:
    wish = found.task.wish
    return found.facts() | {
        "pasted": said,
        "errors": {FIELD: wrong} if wrong else {},
        "columns": list(wish.columns or wish.variables),
        "limit": MOST,
    }


def pushing_face(settings: Settings) -> Face:
    """Return the face, with the limit of an upload."""
    most = min(MOST, settings.limits.upload) + AROUND
    limits = {("POST", f"{PATH}/{{task}}/{verb}"): most for verb in ("push", "predict")}
    return Face("rows of a live task's page", router, render=error_page, below="/app", uploads=limits)
