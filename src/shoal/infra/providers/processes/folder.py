"""The folder of a machine that is a process: what was ordered, and who minds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from shoal.base import process
from shoal.base.faults import fault_point
from shoal.base.files import write_durably

ORDERED = fault_point("infra.machine_ordered", "What a machine that is a process is made of is written.")
MINDED = fault_point("infra.machine_minded", "A machine's supervisor says how its process is.")


class Folder:
    """Where a machine lives: `home` is its own, the rest is for who minds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.home = path / "home"
        self.log = path / "output.log"
        self._order = path / "machine.json"
        self._state = path / "state.json"

    def is_there(self) -> bool:
        """Say whether a machine was ordered here, and that was not removed."""
        return self._order.exists()

    def write_order(self, order: Mapping[str, Any]) -> None:
        """Keep what was ordered, once and for all; it may hold secrets."""
        write_durably(ORDERED, self._order, orjson.dumps(order), private=True)

    def order(self) -> dict[str, Any] | None:
        """Return what was ordered, None when nothing is known of that."""
        return _read(self._order)

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Tell how the machine is; the caller minds it."""
        write_durably(MINDED, self._state, orjson.dumps(state), private=True)

    def state(self) -> dict[str, Any]:
        """Return how the machine was when that last changed."""
        return _read(self._state) or {}

    def minder(self) -> int | None:
        """Return the id of the process that minds this machine, None when none does."""
        return process.living(str(self.state().get("minder", "")))

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep others from making or removing this machine; False when it is gone."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield os.fstat(descriptor).st_nlink > 0
        finally:
            os.close(descriptor)

    def claimed(self) -> int | None:
        """Return a file that says who minds this machine as long as it is open, None when another has it."""
        descriptor = os.open(self._order, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = orjson.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if isinstance(found, dict) else None
