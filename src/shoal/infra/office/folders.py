"""The folders of infrastructures in a home, and the name by which rows know the home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from shoal.base.errors import NotFound
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.base.ids import new_id

NAMED = fault_point("infra.home", "A home that builds machines has a name of its own.")
MACHINES = "machines"
NAME = "home"  # the file that holds it; it moves with the home, and is in its backups
LARGEST = 256 * 1024  # bytes of a log that one answer holds


def named(folder: Path) -> str:
    """Return the name of the home whose infrastructures lie in a folder, giving it one the first time.

    Raises:
        StorageFull, Forbidden: it cannot be written.
    """
    file = folder / NAME
    if not file.exists():
        write_durably(NAMED, file, new_id().encode(), private=True)
    return file.read_text().strip()


def log_of(folder: Path, infra: str, instance: str) -> Path:
    """Return where the log of a machine is."""
    return folder / infra / "logs" / f"{instance}.log"


def read_log(path: Path, offset: int, limit: int = LARGEST) -> tuple[str, int]:
    """Return what a log holds from a byte on, and the byte to go on from; nothing when there is none yet."""
    try:
        with path.open("rb") as file:
            file.seek(min(offset, os.fstat(file.fileno()).st_size))
            piece = file.read(limit)
            end = file.tell()
    except FileNotFoundError:
        return "", 0
    whole = _whole(piece)
    return piece[:whole].decode(errors="replace"), end - len(piece) + whole


def published(folder: Path, infra: str) -> Iterator[tuple[str, str, int]]:
    """Yield what machines of an infrastructure have published: instance, name of the file, bytes."""
    outputs = folder / infra / "outputs"
    for path in sorted(outputs.rglob("*")) if outputs.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            instance, *rest = path.relative_to(outputs).parts
            yield instance, "/".join(rest), path.stat().st_size


def published_file(folder: Path, infra: str, instance: str, name: str) -> Path:
    """Return the path of a file that a machine has published.

    Raises:
        NotFound: there is no such file among what was published.
    """
    if (instance, name) not in {(one, file) for one, file, _ in published(folder, infra)}:
        raise NotFound(f"{instance} has published no {name[:80]}.")
    return folder / infra / "outputs" / instance / name


def _whole(piece: bytes) -> int:
    """Return how many bytes there are without a character that is cut off at the end."""
    for back in range(1, min(4, len(piece)) + 1):
        lead = piece[-back]
        if lead < 0x80:
            return len(piece)
        if lead >= 0xC0:
            needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
            return len(piece) - back if needed > back else len(piece)
    return len(piece)
