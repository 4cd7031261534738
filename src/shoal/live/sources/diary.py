"""Where a source is, on disk: what it is about to send is written down before it is sent.

After a crash the same rows go again under the same key, and the task counts them once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.live.sources.source import Batch, Place

INTENDED = fault_point("live.source", "What a source is about to send is written down.")


class Pending(NamedTuple):
    """Rows that are being sent."""

    key: str
    rows: list[Any]
    place: Place


class Diary:
    """Remember a source's place in a file.

    Args:
        path: the file; it need not be there yet.

    Raises:
        InvalidInput: the file is not a diary.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        known = _read(path)
        self.id: str = known.get("id") or uuid4().hex
        self._count: int = known.get("count", 0)
        self.place: Place = known.get("place")
        pending = known.get("pending")
        self.pending = None if pending is None else Pending(**pending)

    def intend(self, batch: Batch) -> Pending:
        """Write down what is sent next, and return it with its key; blocks until it is on the disk."""
        self._count += 1
        self.pending = Pending(f"{self.id}-{self._count}", batch.rows, batch.place)
        self._write()
        return self.pending

    def done(self) -> None:
        """Note that what was intended is safe; the next intention writes that down."""
        if self.pending is not None:
            self.place, self.pending = self.pending.place, None

    def _write(self) -> None:
        pending = None if self.pending is None else self.pending._asdict()
        known = {"id": self.id, "count": self._count, "place": self.place, "pending": pending}
        write_durably(INTENDED, self._path, orjson.dumps(known), private=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        known = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", hint="Name another file.") from error
    if not isinstance(known, dict) or not {"id", "count", "place", "pending"} <= known.keys():
        raise InvalidInput(f"{path} does not say where a source is.", hint="Name another file.")
    return known
