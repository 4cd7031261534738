"""The keys that senders gave to what they sent, so that a repeat is known."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import orjson

from shoal.base.errors import InvalidInput
from shoal.base.files import write_durably
from shoal.live.log.faults import KEYS
from shoal.live.log.record import MOST_KEY

MOST = 100_000
FILE = "keys"


class Keys:
    """Remember what came under the last keys: the number of the first row and of rows."""

    def __init__(self, folder: Path) -> None:
        """Take up the keys that were kept beside a log."""
        self._path = folder / FILE
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()
        if self._path.exists():
            for key, first, rows in orjson.loads(self._path.read_bytes()):
                self._known[key] = (first, rows)

    def get(self, key: str) -> tuple[int, int] | None:
        """Return what came under a key."""
        return self._known.get(key)

    def add(self, key: str, first: int, rows: int) -> None:
        """Remember a key, and forget the oldest when there are too many."""
        self._known[key] = (first, rows)
        if len(self._known) > MOST:
            self._known.popitem(last=False)

    def remove(self, key: str) -> None:
        """Forget a key whose rows were not kept."""
        self._known.pop(key, None)

    def keep(self) -> None:
        """Write all of them beside the log; raises StorageFull, Forbidden."""
        if self._known:
            content = [(key, *where) for key, where in self._known.items()]
            write_durably(KEYS, self._path, orjson.dumps(content), private=True)


def checked(key: str) -> str:
    """Return a key that can be kept; raises InvalidInput."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if not 0 < size <= MOST_KEY or not key.isprintable():
        raise InvalidInput(
            f"A key is text of 1 to {MOST_KEY} bytes that can be printed.", hint="A UUID will do."
        )
    return key
