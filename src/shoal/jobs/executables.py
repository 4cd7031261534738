"""Executables that the settings let jobs start: by name, never by what somebody sends along."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from shoal.base.errors import Forbidden


def allowed(name: str, entries: Iterable[str | Path]) -> Path:
    """Return the executable of a name, or of a path, that is among the entries or in a folder among them.

    Raises:
        Forbidden: there is none.
    """
    for entry in map(Path, entries):
        path = entry / name if entry.is_dir() and Path(name).name == name else entry
        if name in (path.name, str(path)) and path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    raise Forbidden(
        f"{name[:80]!r} is not among the executables that may be run here.",
        hint="An admin names them in the setting execution.files.",
    )
