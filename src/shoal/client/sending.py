"""What both drivers send, and where to."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx
import orjson

from shoal.base.errors import InvalidInput
from shoal.client.calls import Ask

CONNECT_SECONDS = 10.0
PIECE = 1 << 20


def place_of(url: str) -> tuple[str, str | None]:
    """Return the address that requests name, and the Unix socket to connect to, None for a network."""
    scheme, _, socket = url.partition(":")
    return ("http://localhost", socket) if scheme == "unix" else (url, None)


def headers_for(token: str | None) -> dict[str, str]:
    """Return the headers of every request."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def trusted(ca: Path | None) -> ssl.SSLContext | bool:
    """Return what servers are known by: certificates of one's own (PEM), or those that are usual.

    Raises:
        InvalidInput: the file cannot be read.
    """
    if ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(f"The certificates in {ca} cannot be read.", hint=str(error)) from error


def is_here(url: str) -> bool:
    """Say whether a server is inside this command, so that no network can break."""
    return urlsplit(url).scheme == "unix"


def request_of(ask: Ask, body: Any) -> dict[str, Any]:
    """Return the arguments of httpx for a request; `body` is a file's bytes."""
    kind = "application/json" if ask.upload is None else "application/octet-stream"
    length = {} if ask.upload is None else {"Content-Length": str(span_of(ask)[1])}
    whole = orjson.dumps(ask.json) if ask.json is not None else ask.content
    return {
        "method": ask.method,
        "url": ask.path,
        "params": ask.given,
        "content": body if whole is None else whole,
        "headers": {"Content-Type": kind} | length | dict(ask.headers),
        "timeout": httpx.Timeout(ask.patience, connect=CONNECT_SECONDS),
    }


def span_of(ask: Ask) -> tuple[int, int]:
    """Return the first byte of a request's file that is sent, and how many are."""
    if ask.part is not None:
        return ask.part
    return 0, size_of(ask.upload) if ask.upload is not None else 0


def size_of(path: Path) -> int:
    """Return a file's size in bytes; raises `InvalidInput` when there is no such file."""
    with opened(path) as file:
        return file.seek(0, 2)


def opened(path: Path) -> IO[bytes]:
    """Open a file that is sent; raises `InvalidInput` when there is no such file."""
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.", code="no_such_file") from error


def pieces_of(ask: Ask) -> Iterator[bytes] | None:
    """Return the bytes of a request's file, None when it has none."""
    return None if ask.upload is None else _pieces(ask.upload, *span_of(ask))


def _pieces(path: Path, first: int, left: int) -> Iterator[bytes]:
    with opened(path) as file:
        file.seek(first)
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


async def in_thread(pieces: Iterator[bytes] | None) -> AsyncIterator[bytes]:
    """Give the same pieces without blocking the event loop."""
    import asyncio

    while pieces is not None and (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
