"""Write the state of a model as an NPZ file and read it back; nothing in one is ever executed.

A snapshot holds arrays of numbers and one JSON text (`facts`). Members are stored as they are, not
compressed, so that a small file cannot become a large one.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.base.errors import InvalidInput

FACTS = "facts"


class InvalidSnapshot(InvalidInput, ValueError):
    """Say that bytes are no snapshot of the model that was to be restored."""

    code = "invalid_snapshot"


class Snapshot(NamedTuple):
    """What a snapshot holds: facts as JSON has them, and arrays by name."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    def array(self, name: str, dtype: Any, *shape: int | None) -> NDArray[Any]:
        """Return an array of a type and shape (None admits any length); raise `InvalidSnapshot` otherwise."""
        array = self.arrays.get(name)
        if array is None or array.dtype != np.dtype(dtype) or array.ndim != len(shape):
            raise refused(f"{name} is missing or of another kind")
        if any(want is not None and want != length for want, length in zip(shape, array.shape, strict=True)):
            raise refused(f"{name} has the shape {array.shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise refused(f"{name} holds values that are not finite")
        return array

    def fact(self, name: str, kind: type | tuple[type, ...]) -> Any:
        """Return a fact of a type; raise `InvalidSnapshot` when it is missing or of another."""
        value = self.facts.get(name)
        if not isinstance(value, kind):
            raise refused(f"{name} is missing or of another kind")
        return value


def refused(why: str) -> InvalidSnapshot:
    """Return an error that says why something is no snapshot."""
    message = f"This is no snapshot that can be restored: {why}."
    return InvalidSnapshot(message, hint="Export the model again.")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be part of a snapshot.")


def written(kind: str, version: int, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return a snapshot of a kind and version: the same bytes for the same state."""
    text = json.dumps({"kind": kind, "version": version, **facts}, default=_plain, sort_keys=True)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{FACTS: np.frombuffer(text.encode(), np.uint8)}, **arrays)
    return file.getvalue()


def read(data: bytes, kind: str, version: int) -> Snapshot:
    """Read a snapshot of a kind and version; raise `InvalidSnapshot` for anything else."""
    try:
        arrays = _arrays(data)
        facts = json.loads(arrays.pop(FACTS).tobytes())
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise refused(str(error) or type(error).__name__) from error
    if not isinstance(facts, dict) or facts.get("kind") != kind:
        raise refused(f"it is not of a {kind}")
    if facts.get("version") != version:
        raise refused(f"it has version {facts.get('version')}, and this Shoal reads version {version}")
    return Snapshot(facts, arrays)


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("a member is compressed")
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
