"""The words of tus 1.0, the protocol of resumable uploads (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping

from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shoal.base.errors import InvalidInput, UnsupportedMedia
from shoal.server import problems
from shoal.server.problems import Problem
from shoal.storage.uploads import Upload

VERSION = "1.0.0"
RESUMABLE = {"Tus-Resumable": VERSION}
PART = "application/offset+octet-stream"
# Of a sender's word for a file; the file's name may be longer.
MOST_WORD = 255


async def same_version(request: Request) -> None:
    """Refuse a request that speaks another version; one that names none is taken at its word."""
    if request.method != "OPTIONS" and request.headers.get("tus-resumable", VERSION) != VERSION:
        raise HTTPException(412, f"This server speaks tus {VERSION}.", {"Tus-Version": VERSION})


def state_of(upload: Upload) -> dict[str, str]:
    """Return the headers that say how far an upload is."""
    told = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)}
    made = {"Shoal-Dataset": upload.dataset} if upload.dataset else {}
    return RESUMABLE | told | made | {"Cache-Control": "no-store"}


def refusal(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Write an error: a problem, with the protocol's own header."""
    return problems.answer(request, problem, {**RESUMABLE, **(headers or {})})


def number_of(request: Request, name: str) -> int:
    """Return the number in a header; raises `InvalidInput`."""
    given = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", given):
        words = f"{name} is {given!r}; it is a number of bytes." if given else f"{name} is needed."
        problem = {"in": "header", "pointer": f"/{name}", "message": words}
        raise InvalidInput(words, errors=[problem])
    return int(given)


def check_part(request: Request) -> None:
    """Refuse a body that is no part of a file; raises `UnsupportedMedia`."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != PART:
        raise UnsupportedMedia("The body is no part of a file.", hint=f"Content-Type: {PART}")


def metadata_of(request: Request) -> dict[str, str]:
    """Return what `Upload-Metadata` says: names and values in base 64; raises `InvalidInput`."""
    given = request.headers.get("upload-metadata", "")
    pairs = [part.strip().partition(" ") for part in given.split(",") if part.strip()]
    try:
        return {name: b64decode(value.strip(), validate=True).decode() for name, _, value in pairs}
    except (binascii.Error, ValueError):
        words = "Upload-Metadata holds no names with values in base 64."
        problem = {"in": "header", "pointer": "/Upload-Metadata", "message": words}
        raise InvalidInput(words, hint="filename cm93cy5jc3Y=", errors=[problem]) from None
