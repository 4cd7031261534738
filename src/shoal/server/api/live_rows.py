"""Rows for live tasks: /api/v1/live/ID/{rows,predict,batch}."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.settings import Settings
from shoal.live import rows as live_rows
from shoal.live.log.record import Rows
from shoal.live.model import LiveTask
from shoal.live.states import ALIVE
from shoal.live.tasks import check_end
from shoal.server.api.job_submission import Key
from shoal.server.api.live_finding import PATH, Changer, Id, Reader, found_task, view_of
from shoal.server.api.live_tables import CSV, FILE, JSON, LINES, STREAM, elements_of
from shoal.server.api.live_views import clusters_of
from shoal.server.api.shapes.live import LiveShape, PredictedShape, PushedShape
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

# What is smaller is read at once: a hop to a thread takes longer.
SMALL = 16 << 10
# One push is one record of the log.
MOST = 64 << 20
_TEXT = {"schema": {"type": "string"}}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ROW = {"oneOf": [{"type": "array"}, {"type": "object"}, {"type": "number"}]}
_ROWS = {
    "oneOf": [
        {"type": "array", "items": _ROW, "minItems": 1},
        {
            "type": "object",
            "required": ["rows"],
            "properties": {
                "columns": {"type": "array", "items": {"type": "string"}},
                "rows": {"type": "array", "items": _ROW, "minItems": 1},
            },
        },
    ]
}
BODY: Any = {
    "requestBody": {
        "required": True,
        "description": "Rows: JSON (a list of rows, each a list or an object; or columns and rows), "
        "a row a line (NDJSON), CSV with or without names, or Arrow IPC.",
        "content": {JSON: {"schema": _ROWS}, LINES: _TEXT, CSV: _TEXT, STREAM: _BINARY, FILE: _BINARY},
    }
}
router = APIRouter(prefix=PATH, tags=["live"])
Pusher = Annotated[Actor, Depends(Rule(Action.LIVE_PUSH))]
Soft = Annotated[bool, Query(description="shares of every cluster in place of distances")]


@router.post(
    "/{task}/rows",
    operation_id="push_rows",
    summary="Push rows",
    response_model=PushedShape,
    openapi_extra=BODY,
)
async def push_rows(task: Id, request: Request, house: TheHouse, actor: Pusher, key: Key = None) -> Response:
    """Take rows, all or none; the answer comes when they are on the disk.

    The same rows under the same `Idempotency-Key` count once. 429 with `Retry-After` asks for patience:
    nothing was taken then, and nothing is lost when you send it again.
    """
    found = await found_task(house, actor, Action.LIVE_PUSH, task)
    pushed = await house.live.push(found.id, await _rows(request, found), key=key)
    return Json(pushed._asdict())


@router.post(
    "/{task}/predict",
    operation_id="predict_live_rows",
    summary="Give rows their clusters",
    response_model=PredictedShape,
    openapi_extra=BODY,
)
async def predict_live_rows(
    task: Id, request: Request, house: TheHouse, actor: Reader, soft: Soft = False
) -> Response:
    """Say in which cluster each row is; the task does not learn from them. In every state."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    told = await house.live.predict(found.id, await _rows(request, found), soft)
    told = told._replace(labels=clusters_of(told.labels, told.ids))
    return Json({name: _listed(value) for name, value in told._asdict().items()})


@router.post(
    "/{task}/batch",
    operation_id="run_live_batch",
    summary="Cluster rows once",
    response_model=LiveShape,
    openapi_extra=BODY,
)
async def run_live_batch(task: Id, request: Request, house: TheHouse, actor: Changer) -> Response:
    """Stop, push, play, wait for the end, stop: in one call. The task needs an end (`iter`)."""
    found = await found_task(house, actor, Action.LIVE_CHANGE, task)
    check_end(found.wish)
    rows = await _rows(request, found)
    if found.state in ALIVE:
        await house.live.stop(found.id)
    await house.live.push(found.id, rows)
    await house.live.play(found.id)
    ended = await house.live.wait(found.id)
    if ended.state in ALIVE:
        ended = await house.live.stop(found.id)
    return Json(await view_of(house, ended))


async def _rows(request: Request, task: LiveTask) -> Rows:
    """Return the rows of a body; raises InvalidInput that names a row which cannot be used."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    if len(body) <= SMALL:
        return _read(body, kind, task)
    return await asyncio.to_thread(_read, body, kind, task)


def _read(body: bytes, kind: str, task: LiveTask) -> Rows:
    wanted = task.wish.columns or task.wish.variables
    elements = elements_of(body, kind, wanted)
    return live_rows.from_json(elements, task.dim or len(wanted) or None, task.wish.algorithm.space)


def _listed(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def live_rows_face(settings: Settings) -> Face:
    """Return the face, with the limit of a push."""
    most = min(MOST, settings.limits.upload)
    paths = [f"{PATH}/{{task}}/{verb}" for verb in ("rows", "predict", "batch")]
    return Face("rows of live tasks", router, uploads={("POST", path): most for path in paths})
