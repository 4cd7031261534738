"""Is the server there, does it work, and how busy is it: /ping, /healthz, /readyz, /metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Depends
from sqlalchemy import text
from starlette.responses import PlainTextResponse, Response

from shoal import __version__
from shoal.access import Action
from shoal.base.errors import ShoalError, Unavailable
from shoal.server import metrics
from shoal.server.api.shapes.problems import Health, Readiness
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

log = logging.getLogger("shoal.server")
READY_WITHIN = 5.0
router = APIRouter(tags=["health"])
anyone = Depends(Rule(Action.SERVER_PING))
status_reader = Depends(Rule(Action.SERVER_STATUS))


@router.get(
    "/ping", operation_id="ping", summary="Say pong", response_class=PlainTextResponse, dependencies=[anyone]
)
async def ping() -> Response:
    """Answer `pong`: the server is there."""
    return PlainTextResponse("pong")


@router.get(
    "/healthz",
    operation_id="healthz",
    summary="Say that this process is alive",
    response_model=Health,
    dependencies=[anyone],
)
async def healthz() -> Response:
    """Answer without touching anything else: the event loop turns."""
    return Json({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Say whether requests can be served",
    response_model=Readiness,
    dependencies=[status_reader],
)
async def readyz(house: TheHouse) -> Response:
    """Try the database, the storage and all rooms; 503 when one of them does not work."""
    checks: dict[str, Callable[[], None]] = {
        "database": partial(_database, house),
        "storage": partial(_storage, house),
        **{name: room.check for name, room in house.rooms.items()},
    }
    tried = await asyncio.gather(*(_tried(check) for check in checks.values()))
    found = dict(zip(checks, tried, strict=True))
    if bad := [name for name, state in found.items() if state != "ok"]:
        raise Unavailable(f"Not ready: {', '.join(bad)}.", checks=found)
    return Json({"status": "ok", "version": __version__, "checks": found})


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
    dependencies=[status_reader],
)
async def read_metrics(house: TheHouse) -> Response:
    """Answer in the Prometheus text format."""
    body = await asyncio.to_thread(metrics.exposition, house)
    return Response(body, media_type=metrics.CONTENT_TYPE)


async def _tried(check: Callable[[], None]) -> str:
    try:
        async with asyncio.timeout(READY_WITHIN):
            await asyncio.to_thread(check)
    except TimeoutError:
        return f"no answer within {READY_WITHIN:.0f} s"
    except ShoalError as error:
        return error.message
    except Exception as error:
        log.exception("a check of readiness failed")
        return type(error).__name__
    return "ok"


def _database(house: House) -> None:
    house.database.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())


def _storage(house: House) -> None:
    next(iter(house.storage.list("datasets/")), None)


HEALTH = Face("health", router)
