"""Where hosts come in: one Unix socket in a folder that only the home's owner can enter."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from hmac import compare_digest
from pathlib import Path

from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.base.sockets import fits, fitting
from shoal.live.office.line import Line
from shoal.live.wire import KEY, SOCKET, Frame

GIVEN = fault_point("live.key", "The secret by which hosts are known is in the home's `run` folder.")
_PATIENCE = 10.0  # seconds for the first word
Serve = Callable[[Line, AsyncIterator[Frame]], Awaitable[None]]


@asynccontextmanager
async def open_door(folder: Path, serve: Serve) -> AsyncIterator[Path]:
    """Let hosts in while the block runs; gives the folder in which they find the socket and the key.

    `serve` is called for each that knows the key, and ends when it is gone.

    Raises:
        InvalidSetting: the home is deep, and so is the folder for temporary files.
    """
    secret = secrets.token_urlsafe(32)
    await asyncio.to_thread(write_durably, GIVEN, folder / KEY, secret.encode(), private=True)
    with tempfile.TemporaryDirectory(prefix="shoal-") as short:
        near = _near(folder, Path(short))
        server = await asyncio.start_unix_server(_greeting(secret, serve), sock=_listening(near / SOCKET))
        try:
            yield near
        finally:
            server.close()
            (folder / SOCKET).unlink(missing_ok=True)


def _near(folder: Path, short: Path) -> Path:
    """Return a path to the folder by which a socket in it can be called, however deep that is."""
    if fits(folder / SOCKET):
        return folder
    near = fitting(short / "run" / SOCKET).parent
    near.symlink_to(folder)
    return near


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        path.chmod(0o600)
    except BaseException:
        made.close()
        raise
    return made


def _greeting(
    secret: str, serve: Serve
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        heard = line.heard()
        try:
            with suppress(TimeoutError, StopAsyncIteration):
                first = await asyncio.wait_for(anext(heard), _PATIENCE)
                if _is_known(first, secret):
                    line.number, line.pid = int(first.header["number"]), int(first.header["pid"])
                    await serve(line, heard)
        finally:
            line.close()

    return greet


def _is_known(first: Frame, secret: str) -> bool:
    told = str(first.header.get("secret", ""))
    return first.op == "hello" and compare_digest(told.encode(), secret.encode())
