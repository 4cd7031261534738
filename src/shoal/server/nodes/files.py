"""What attempts read and write: logs, artifacts and inputs below /api/v1/worker."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from shoal.base.errors import InvalidInput, NotFound, Unavailable
from shoal.base.settings import Settings
from shoal.jobs import logs
from shoal.jobs.nodes import attempts
from shoal.jobs.nodes.attempts import Held
from shoal.jobs.nodes.log_pieces import keep
from shoal.jobs.nodes.members import Node
from shoal.jobs.nodes.tags import tag_of
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.nodes.admission import WORK, Attempt, Joined
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import TheHouse
from shoal.server.spool import BLOCK, spooled

SPARE = 1 << 17  # bytes for what is said in a log that is full
TAG = "Shoal-Tag"
PREFIX = "/api/v1/worker"
router = APIRouter(prefix=PREFIX, tags=["worker protocol"], include_in_schema=False, dependencies=[WORK])
Offset = Annotated[int, Query(ge=0, le=1 << 40)]
Key = Annotated[str, Query(min_length=1, max_length=1024)]


@router.put("/log")
async def keep_log(
    request: Request,
    house: TheHouse,
    node: Joined,
    attempt: Attempt,
    offset: Offset,
    size: Offset,
    index_offset: Offset = 0,
) -> Response:
    """Keep a piece of an attempt's log from an offset on: so many bytes, and behind them, of its index."""
    held = await _held(house, node, attempt)
    limit = logs.limit_of(held.spec) + SPARE
    content = await request.body()
    index = content[size:][
        : max(0, limit - index_offset)
    ]  # An index that is too long is cut; the log is whole.

    def write() -> int:
        length = keep(house.home.logs, held.log, offset, content[:size], limit)
        keep(house.home.logs, logs.index_key(held.log), index_offset, index, limit)
        return length

    return Json({"size": await asyncio.to_thread(write)})


@router.put("/artifacts")
async def keep_artifact(
    request: Request,
    house: TheHouse,
    node: Joined,
    attempt: Attempt,
    name: Key,
    sha256: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> Response:
    """Keep a file that an attempt wrote, below the attempt's own key, if it came whole."""
    key = (await _held(house, node, attempt)).folder + name
    async with spooled(request, house.spool) as file:

        def store() -> str | None:
            with house.storage.write(key) as writer:
                while block := file.read(BLOCK):
                    writer.write(block)
                if writer.stored().sha256 != sha256:
                    raise InvalidInput(f"{name} did not arrive as it was sent.", code="damaged")
            return tag_of(house.storage, key)

        tag = await asyncio.to_thread(store)
    return Json({"key": key, "tag": tag})


@router.get("/inputs")
async def send_input(house: TheHouse, node: Joined, attempt: Attempt, key: Key) -> Response:
    """Send a file that the attempt's job reads, or a range of it."""
    held = await _held(house, node, attempt)
    attempts.check_input(held, key)
    path = await asyncio.to_thread(house.storage.path, key)
    tag = await asyncio.to_thread(tag_of, house.storage, key)
    if tag is None:
        raise NotFound(f"There is no stored file {key}.", key=key)
    if path is None:
        raise Unavailable(
            f"{key} cannot be sent to a node.", hint="It is not kept in a folder of the server."
        )
    return FileResponse(path, media_type="application/octet-stream", headers={TAG: tag})


async def _held(house: House, node: Node, token: str) -> Held:
    return await offload.read(house.database, lambda conn: attempts.held(conn, node.worker, token))


def worker_files_face(settings: Settings) -> Face:
    """Return the face; an artifact may be as large as what a job may write."""
    return Face(
        "worker protocol",
        router,
        uploads={("PUT", f"{PREFIX}/artifacts"): settings.execution.files_size},
        acting_gets=frozenset({f"{PREFIX}/inputs"}),
    )
