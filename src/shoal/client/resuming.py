"""Sending a large file in parts (tus 1.0), over broken connections and restarts of either side."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from shoal.base.errors import Conflict, StorageFull, Unavailable
from shoal.client.calls import API, Ask, Call, Pause, json_of
from shoal.client.sending import opened

UPLOADS = f"{API}/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
PART = 16 << 20
# A large file is read whole before the answer to its last part comes.
PATIENCE = 600.0
TRIES = 8
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
SAMPLE = 1 << 20


def in_parts(file: Path, size: int, name: str, delimiter: str | None) -> Call[tuple[int, str]]:
    """Send a file and return when its upload began (microseconds, the server's clock) and its dataset.

    Raises:
        Unavailable: the server does not come back.
        InvalidInput: the file cannot be read as a table.
    """
    upload = yield from _begun(file, size, name, delimiter)
    where, offset, failures = f"{UPLOADS}/{upload['id']}", upload["offset"], 0
    while True:
        try:
            if failures:
                offset = int((yield Ask("HEAD", where, headers=TUS)).headers["upload-offset"])
            answer = yield _part(file, where, offset, size)
        except StorageFull:
            raise
        except (Unavailable, Conflict):  # The server still holds the broken request, or is away.
            failures += 1
            if failures >= TRIES:
                raise
            yield Pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2**failures))
            continue
        offset, failures = int(answer.headers["upload-offset"]), 0
        if dataset := answer.headers.get("shoal-dataset"):
            return upload["created"], dataset


def _begun(file: Path, size: int, name: str, delimiter: str | None) -> Call[dict[str, Any]]:
    """Return the unfinished upload of the same file, or a new one."""
    words = {"filename": name, "delimiter": delimiter or "", "fingerprint": _fingerprint(file, size)}
    for upload in (yield from json_of(Ask("GET", UPLOADS)))["uploads"]:
        same = all(upload[ours] == words[theirs] for ours, theirs in _SAME)
        if same and upload["length"] == size and not upload["dataset"]:
            found: dict[str, Any] = upload
            return found
    told = ",".join(f"{word} {b64encode(value.encode()).decode()}" for word, value in words.items())
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": told}
    answer = yield Ask("POST", UPLOADS, headers=headers)
    made: dict[str, Any] = yield from json_of(
        Ask("GET", f"{UPLOADS}/{answer.headers['location'].rpartition('/')[2]}")
    )
    return made


_SAME = (("fingerprint", "fingerprint"), ("name", "filename"))


def _part(file: Path, where: str, offset: int, size: int) -> Ask:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    span = (offset, min(PART, size - offset))
    return Ask("PATCH", where, upload=file, part=span, headers=headers, patience=PATIENCE)


def _fingerprint(file: Path, size: int) -> str:
    """Return a word that is another one when the file has changed: of its size, time, begin and end."""
    with opened(file) as content:
        mark = hashlib.sha256(f"{size} {file.stat().st_mtime_ns} {file.resolve()}".encode())
        mark.update(content.read(SAMPLE))
        content.seek(max(0, size - SAMPLE))
        mark.update(content.read(SAMPLE))
    return mark.hexdigest()
