"""Bodies that come and go, kept in a nameless file until they are whole."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from shoal.base.files import explained

BLOCK = 1 << 20


@asynccontextmanager
async def spooled(request: Request, folder: Path) -> AsyncIterator[IO[bytes]]:
    """Receive a request's body into a file without a name, so that nothing of it is ever left behind.

    Raises:
        TooLarge: the body is over the route's limit.
        StorageFull: the disk has no room for it.
    """
    file = await asyncio.to_thread(nameless, folder)
    try:
        async for block in blocks(request):
            await asyncio.to_thread(_write, file, block, folder)
        await asyncio.to_thread(file.seek, 0)
        yield file
    finally:
        await asyncio.to_thread(file.close)


def nameless(folder: Path) -> IO[bytes]:
    """Return a file of which nothing is left when it is closed, or this process dies."""
    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise explained(error, folder / "upload") from error


async def blocks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body in large pieces: a hop to a thread costs more than a copy.

    What came before a sender went away is yielded too, before the error.
    """
    block, gone = bytearray(), None
    try:
        async for chunk in request.stream():
            block += chunk
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    except ClientDisconnect as error:
        gone = error
    yield bytes(block)
    if gone is not None:
        raise gone


async def sent(file: IO[bytes], media_type: str, headers: Mapping[str, str]) -> Response:
    """Return a reply that sends a file from its start and closes it."""
    size = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    await asyncio.to_thread(file.seek, 0)
    return StreamingResponse(
        _read(file), media_type=media_type, headers={**headers, "Content-Length": str(size)}
    )


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while block := await asyncio.to_thread(file.read, BLOCK):
            yield block
    finally:
        file.close()


def _write(file: IO[bytes], block: bytes, folder: Path) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        raise explained(error, folder / "upload") from error
