"""Looking after a server that runs: /api/v1/backup and /api/v1/gc."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import IO, Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.server.api.shapes.jobs import RemovedShape
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse
from shoal.server.spool import sent
from shoal.server.upkeep import back_up, collect

router = APIRouter(prefix="/api/v1", tags=["upkeep"])
Saver = Annotated[Actor, Depends(Rule(Action.HOUSE_BACKUP))]
Cleaner = Annotated[Actor, Depends(Rule(Action.HOUSE_CLEAN))]


@router.post(
    "/backup",
    operation_id="back_up",
    summary="Everything in one archive",
    response_class=Response,
    responses={200: {"content": {"application/gzip": {}}}},
)
async def make_backup(house: TheHouse, actor: Saver) -> Response:
    """Send an archive of the database, files and logs as they are now; `shoal restore` takes it."""
    return await sent(await asyncio.to_thread(_archive, house), "application/gzip", {})


@router.post("/gc", operation_id="clean", summary="Forget what is old", response_model=RemovedShape)
async def clean(house: TheHouse, actor: Cleaner) -> Response:
    """Forget ended jobs, logs and events that are old, and files that nothing names."""
    return Json(await asyncio.to_thread(collect, house))


def _archive(house: House) -> IO[bytes]:
    with tempfile.TemporaryDirectory(dir=house.spool) as folder:
        target = Path(folder) / "backup.tar.gz"
        back_up(house, target)
        return target.open("rb")  # It can be read after its name is gone.


UPKEEP = Face("upkeep", router)
