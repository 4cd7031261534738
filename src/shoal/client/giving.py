"""Data of this program as the data of a job: files and data frames are uploaded, values are sent along."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shoal.base.errors import Conflict, NotFound
from shoal.client.calls import API, Ask, Call, json_of
from shoal.client.datasets import Dataset
from shoal.client.resuming import PATIENCE
from shoal.client.sending import size_of
from shoal.client.watched import Watched

# Other files (tsv, xlsx, compressed ones) are read by the server and become datasets.
AS_THEY_ARE = frozenset({".csv", ".dat", ".txt", ".parquet", ".arrow", ".json"})
KINDS = frozenset({"datafile", "object", "mongodb", "raw_data", "dataset", "result"})


def given(data: Any) -> Call[dict[str, Any] | None]:
    """Return the data of a job request; what has to be on the server first is uploaded.

    Args:
        data: a file (`Path`, or text that is a path), a pandas data frame, a `Dataset`, a `Job` or future
            whose result is meant, `{"type": ...}` as in a request, or any other JSON value.

    Raises:
        InvalidInput: there is no such file.
    """
    if data is None:
        return None
    if isinstance(data, Dataset):
        return {"type": "dataset", "id": data.id}
    if isinstance(data, Watched):
        return {"type": "result", "job": data.facts["id"]}
    if isinstance(data, Mapping) and data.get("type") in KINDS:
        return dict(data)
    if isinstance(data, (str, Path)):
        return (yield from _file(Path(data)))
    if hasattr(data, "to_parquet"):
        return (yield from _frame(data))
    return {"type": "raw_data", "data": data}


def _file(path: Path) -> Call[dict[str, Any]]:
    if path.suffix.lower() not in AS_THEY_ARE:
        return (yield from _dataset(path))
    size_of(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    # A name stands for the same bytes for ever: other bytes of that name get one beside it.
    for name in (path.name, f"{path.stem}-{digest[:8]}{path.suffix}"):
        try:
            known = yield from json_of(Ask("GET", _place(name)))
        except NotFound:
            known = yield from _kept(path, name)
        if known["sha256"] == digest:
            break
    return {"type": "datafile", "name": known["name"]}


def _kept(path: Path, name: str) -> Call[dict[str, Any]]:
    ask = Ask("PUT", _place(name), upload=path, patience=PATIENCE)
    try:
        kept: dict[str, Any] = yield from json_of(ask)
    except Conflict:  # Another program has just sent a file of this name.
        kept = yield from json_of(Ask("GET", _place(name)))
    return kept


def _dataset(path: Path, name: str | None = None) -> Call[dict[str, Any]]:
    ask = Ask("POST", f"{API}/datasets", params={"name": name or path.name}, upload=path, patience=PATIENCE)
    return {"type": "dataset", "id": (yield from json_of(ask))["id"]}


def _frame(frame: Any) -> Call[dict[str, Any]]:
    """Send a data frame as a dataset, its row names as a column unless they only count."""
    counted = type(frame.index).__name__ == "RangeIndex"
    with tempfile.TemporaryDirectory(prefix="shoal-") as folder:
        path = Path(folder) / "frame.parquet"
        (frame if counted else frame.reset_index()).to_parquet(path, index=False)
        return (yield from _dataset(path, "frame"))


def _place(name: str) -> str:
    return f"{API}/datafiles/{quote(name, safe='')}"
