"""What a host keeps on the disk of a task, so that another can go on after it.

`checkpoint/RUN-SERIAL.npz` is the state, `RUN-SERIAL.turns` the journal from there on, `summary.json` what
was last found. The newest two states are kept, with every journal since the older one: going on from a state
means to follow all journals that are not older than it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import orjson
from numpy.typing import NDArray

from shoal.base import files
from shoal.base.faults import fault_point
from shoal.live.host.journal import Note, notes

STATE = fault_point("live.checkpoint", "What a live task has found is kept, so that another host can go on.")
SUMMARY = fault_point("live.summary", "What a live task has found is kept, to be shown without a host.")
_KEPT = 2
_OTHERS = "watch."
_NAME = re.compile(r"(\d+)-(\d+)\.(npz|turns)")


class Saved(NamedTuple):
    """The state of a course: JSON-able facts, the algorithm's snapshot (None before a row came), arrays."""

    facts: dict[str, Any]
    algorithm: bytes | None
    arrays: Mapping[str, NDArray[Any]]


class Checkpoints:
    """Keep and find the states of one run of a task."""

    def __init__(self, folder: Path, run: int) -> None:
        self._folder = folder
        self._run = run

    def journal(self, serial: int) -> Path:
        """Return where the journal that follows a state is."""
        return self._folder / f"{self._run:06d}-{serial:06d}.turns"

    def latest(self) -> int:
        """Return the greatest serial number that is in use in this run; -1 when there is none."""
        return max((serial for run, serial, _ in self._found() if run == self._run), default=-1)

    def newest(self) -> Iterator[tuple[int, Saved]]:
        """Yield the serials and states that can be read, newest first."""
        found = [(serial, path) for run, serial, path in self._found() if run == self._run]
        for serial, path in sorted(found, reverse=True):
            if path.suffix == ".npz" and (saved := _read(path)) is not None:
                yield serial, saved

    def notes(self, serial: int) -> Iterator[Note]:
        """Yield the notes of every journal since a state."""
        for later in range(serial, self.latest() + 1):
            yield from notes(self.journal(later))

    def save(self, serial: int, saved: Saved, summary: Mapping[str, Any]) -> None:
        """Keep a state durably, forget what is older than the one before it; raises as `write_durably`."""
        path = self._folder / f"{self._run:06d}-{serial:06d}.npz"
        files.write_durably(STATE, path, _packed(saved), private=True)
        files.write_durably(SUMMARY, self._folder / "summary.json", orjson.dumps(summary), private=True)
        self._prune()

    def _prune(self) -> None:
        found = self._found()
        states = sorted((run, serial) for run, serial, path in found if path.suffix == ".npz")
        oldest = states[-_KEPT:][0]
        for run, serial, path in found:
            if (run, serial) < oldest:
                with suppress(FileNotFoundError):
                    path.unlink()

    def _found(self) -> list[tuple[int, int, Path]]:
        names = [(_NAME.fullmatch(path.name), path) for path in self._folder.glob("*-*.*")]
        return [(int(match[1]), int(match[2]), path) for match, path in names if match]


def _packed(saved: Saved) -> bytes:
    buffer = io.BytesIO()
    arrays = {f"{_OTHERS}{name}": array for name, array in saved.arrays.items()}
    arrays["facts"] = np.frombuffer(orjson.dumps(saved.facts), np.uint8)
    if saved.algorithm is not None:
        arrays["algorithm"] = np.frombuffer(saved.algorithm, np.uint8)
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _read(path: Path) -> Saved | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            algorithm = arrays["algorithm"].tobytes() if "algorithm" in arrays else None
            others = {name.removeprefix(_OTHERS): arrays[name] for name in arrays if name.startswith(_OTHERS)}
            return Saved(orjson.loads(arrays["facts"].tobytes()), algorithm, others)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
