"""Rows that somebody pasted or chose a file of: as a live task takes them."""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import NamedTuple

from starlette.datastructures import FormData

from shoal.base.errors import InvalidInput
from shoal.live import rows as live_rows
from shoal.live.log.record import Rows
from shoal.live.model import LiveTask
from shoal.server.api.live_tables import CSV, FILE, JSON, LINES, STREAM, elements_of
from shoal.server.pages.forms import file, text

KINDS = {
    ".json": JSON,
    ".ndjson": LINES,
    ".jsonl": LINES,
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": CSV,
    ".arrow": FILE,
    ".arrows": STREAM,
}
FIELD = "rows"


class Sent(NamedTuple):
    """Rows as they came, and what the sender called them."""

    content: bytes
    kind: str
    name: str


async def sent_in(form: FormData) -> Sent:
    """Return the file of a form, else what was pasted; raises InvalidInput when there is neither."""
    if (chosen := file(form, "file")) is not None:
        name = (chosen.filename or "rows").replace("\\", "/")
        kind = KINDS.get(PurePath(name).suffix.lower(), CSV)
        return Sent(await chosen.read(), kind, PurePath(name).stem or "rows")
    pasted = text(form, FIELD).strip()
    if not pasted:
        raise InvalidInput("Paste rows, or choose a file of them.")
    return Sent(pasted.encode(), kind_of(pasted), "rows")


def kind_of(pasted: str) -> str:
    """Return what a pasted text looks like: JSON, an object a line, or values between separators."""
    first, _, rest = pasted.partition("\n")
    if pasted[0] not in "[{":
        return CSV
    lines = rest.strip() and first.strip()[-1:] in "]}" and rest.lstrip()[0] in "[{"
    return LINES if lines else JSON


async def rows_of(task: LiveTask, sent: Sent) -> Rows:
    """Return rows that a task can take; raises InvalidInput that names the row which it cannot."""
    return await asyncio.to_thread(_read, task, sent)


def _read(task: LiveTask, sent: Sent) -> Rows:
    wanted = task.wish.columns or task.wish.variables
    elements = elements_of(sent.content, sent.kind, wanted)
    return live_rows.from_json(elements, task.dim or len(wanted) or None, task.wish.algorithm.space)
