"""What a live task has found, in parts: /api/v1/live/ID/{centers,labels,points,history,events}."""

from __future__ import annotations

import asyncio
import io
import struct
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.csv
from fastapi import APIRouter, Query
from starlette.responses import Response

from shoal.access import Action
from shoal.live.tasks import Labels, Points
from shoal.server.api.attachments import attachment
from shoal.server.api.live_finding import PATH, Id, Reader, found_task
from shoal.server.api.live_tables import CSV, STREAM
from shoal.server.api.live_views import clusters_of, event_view, summary_view
from shoal.server.api.paging import Cursor, Limit, decode, encode
from shoal.server.api.shapes.live import CentersShape, HistoryShape, LabelsShape, LiveEventPage
from shoal.server.api.waiting import LATEST
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import TheHouse

# Rows, numbers of a row, the number of the first row, and from where to ask on; little-endian.
POINTS = struct.Struct("<IIQQ")
BINARY = "application/octet-stream"
router = APIRouter(prefix=PATH, tags=["live"])
Since = Annotated[int, Query(ge=0, le=LATEST, description="only what is newer than this")]
Points_ = Annotated[int, Query(ge=1, le=1_000_000, description="rows at most")]
Metrics = Annotated[str, Query(max_length=1000, description="names of metrics, parted by commas; else all")]
Format = Annotated[Literal["json", "csv", "arrow"], Query(description="json, csv, or an Arrow stream")]


@router.get(
    "/{task}/centers", operation_id="read_centers", summary="Where clusters are", response_model=CentersShape
)
async def read_centers(task: Id, house: TheHouse, actor: Reader) -> Response:
    """List the clusters with their centres in the rows' own units; none before anything is found."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    summary = summary_view(await house.live.summary(found.id))
    told = summary or {"run": found.run, "row": 0, "clusters": []}
    columns = found.wish.variables or found.wish.columns
    return Json({"columns": columns} | {name: told[name] for name in ("run", "row", "clusters")})


@router.get(
    "/{task}/labels",
    operation_id="read_live_labels",
    summary="The cluster of each row",
    response_model=LabelsShape,
    responses={200: {"content": {CSV: {}, STREAM: {}}}},
)
async def read_live_labels(task: Id, house: TheHouse, actor: Reader, format: Format = "json") -> Response:
    """Send the clusters of the rows in the task's frame, by the rows' numbers."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    labels = await house.live.labels(found.id)
    labels = labels._replace(labels=clusters_of(labels.labels, labels.ids))
    if format == "json":
        return Json({"rows": labels.rows.tolist(), "labels": labels.labels.tolist()})
    content = await asyncio.to_thread(_written, labels, format)
    kind, suffix = (CSV, "csv") if format == "csv" else (STREAM, "arrow")
    return Response(content, media_type=kind, headers=attachment(f"{found.id}-labels.{suffix}"))


@router.get(
    "/{task}/points",
    operation_id="read_points",
    summary="Rows with their clusters",
    response_class=Response,
    responses={200: {"content": {BINARY: {}}}},
)
async def read_points(
    task: Id, house: TheHouse, actor: Reader, since: Since = 0, limit: Points_ = 100_000
) -> Response:
    """Send rows of the frame from number `since` on, as they are drawn.

    Little-endian: n and d (u32), the number of the first row and that to ask from next (u64), n x d numbers
    (f32), n ids of clusters (i32, -1: none).
    """
    found = await found_task(house, actor, Action.LIVE_READ, task)
    points = await house.live.points(found.id, since, limit)
    points = points._replace(labels=clusters_of(points.labels, points.ids))
    return Response(packed(points), media_type=BINARY, headers={"Cache-Control": "no-store"})


@router.get(
    "/{task}/history",
    operation_id="read_live_history",
    summary="Metrics over time",
    response_model=HistoryShape,
)
async def read_live_history(
    task: Id, house: TheHouse, actor: Reader, since: Since = 0, limit: Limit = 1000, metrics: Metrics = ""
) -> Response:
    """List what the task's metrics were, oldest first; `since` is a time in microseconds."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    names = [name for name in metrics.split(",") if name]
    return Json({"history": await house.live.history(found.id, since, limit, names)})


@router.get(
    "/{task}/events",
    operation_id="list_live_events",
    summary="What happened in a task",
    response_model=LiveEventPage,
)
async def list_live_events(
    task: Id, house: TheHouse, actor: Reader, after: Since = 0, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """List births, deaths, splits, merges, drift and the like, oldest first; `after` is a `seq`."""
    found = await found_task(house, actor, Action.LIVE_READ, task)
    place = decode(cursor, int)
    events = await house.live.events(found.id, place[0] if place else after, limit + 1)
    shown = [event_view(event) for event in events[:limit]]
    return Json({"events": shown, "next": encode(events[limit - 1].seq) if len(events) > limit else None})


def packed(points: Points) -> bytes:
    """Return rows and their clusters as bytes; `read_points` says how."""
    n, dim = points.rows.shape
    head = POINTS.pack(n, dim, points.first, points.next)
    return head + points.rows.astype("<f4").tobytes() + points.labels.astype("<i4").tobytes()


def _written(labels: Labels, format: str) -> bytes:
    table, file = pa.table({"row": labels.rows, "label": labels.labels}), io.BytesIO()
    if format == "csv":
        pyarrow.csv.write_csv(table, file)
    else:
        with pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    return file.getvalue()


LIVE_PARTS = Face("parts of live tasks", router)
