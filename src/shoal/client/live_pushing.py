"""Sending rows so that none is lost and none counts twice."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from shoal.base.errors import ShoalError, StorageFull, TooManyRequests, Unavailable
from shoal.client.calls import Ask, Call, Pause, json_of
from shoal.client.live_rows import Body

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Pushed:
    """Rows that are safe: the number of the first, how many; and whether their key brought them before."""

    first: int
    rows: int
    duplicate: bool


def pushed(path: str, body: Body, key: str | None, patience: float) -> Call[Pushed]:
    """Push a body; while the task asks for patience or the server is away it is sent again under its key.

    Raises:
        TooManyRequests, Unavailable: for `patience` seconds it could not be taken; nothing of it was lost or
            half done, and it may be sent again under the same key.
        InvalidInput: a row cannot be used; none of them was taken.
    """
    headers = body.headers | {"Idempotency-Key": key or uuid.uuid4().hex}
    ask = Ask("POST", f"{path}/rows", content=body.content, headers=headers, patience=PATIENCE)
    end, pause = time.monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            facts = yield from json_of(ask)
            return Pushed(facts["first"], facts["rows"], facts["duplicate"])
        except (TooManyRequests, Unavailable) as error:
            if isinstance(error, StorageFull) or time.monotonic() + pause > end:
                raise
            yield Pause(max(pause, _asked(error)))
            pause = min(LONGEST_PAUSE, 2 * pause)


def _asked(error: ShoalError) -> float:
    """Return for how many seconds the server asks, at most a few."""
    asked = error.details.get("retry_after", 0)
    return min(LONGEST_PAUSE, float(asked)) if isinstance(asked, (int, float)) else 0.0
