"""What a script's form offers as data: datasets, files, an upload, text, a result; and what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from shoal.access import Actor
from shoal.storage import datafiles, datasets
from shoal.storage.datafiles import Datafile
from shoal.storage.datasets import Dataset

MOST = 100
MOST_COLUMNS = 200
WORDS = {
    "dataset": "A dataset",
    "datafile": "A data file",
    "upload": "A new file",
    "raw_data": "JSON",
    "object": "A stored object",
    "result": "The result of a job",
    "none": "Nothing",
}


class Sources(NamedTuple):
    """What there is to choose from, the newest first, and the columns of the datasets."""

    datasets: list[Dataset]
    datafiles: list[Datafile]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of columns of the datasets, each once."""
        names = dict.fromkeys(column.name for one in self.datasets for column in one.columns)
        return tuple(names)[:MOST_COLUMNS]


def sources_of(conn: Connection, actor: Actor) -> Sources:
    """Return what somebody may choose from."""
    mine = datasets.list_(conn, actor.name, MOST)
    return Sources(mine, datafiles.list_(conn, actor.name, limit=MOST))


def kinds_for(field: Mapping[str, Any]) -> list[str]:
    """Return the sorts of data that a script's field takes, in the order in which they are offered."""
    accepts = set(field["accepts"])
    kinds = [kind for kind in ("dataset", "datafile") if kind in accepts]
    kinds += ["upload"] if "datafile" in accepts else []
    kinds += [kind for kind in ("raw_data", "object") if kind in accepts]
    return [*kinds, "result", *([] if field["needed"] else ["none"])]


def chosen(kind: str, texts: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the data that a form says; None for nothing.

    Raises:
        ValueError: with words for whom filled it in.
    """
    said = texts.get(f"data-{kind}", "").strip()
    if kind == "none":
        return None
    if not said:
        raise ValueError(_MISSING.get(kind, "Choose the data."))
    if kind == "raw_data":
        return {"type": "raw_data", "data": _json(said)}
    if kind == "result":
        if not (said.isascii() and said.isdecimal()):
            raise ValueError(f"This is not the id of a job: {said[:40]}")
        return {"type": "result", "job": int(said)}
    return {"type": kind, "name" if kind == "datafile" else "id": said}


def texts_of_data(data: Any) -> dict[str, str]:
    """Return the texts of the chooser for data as a request names it."""
    if not isinstance(data, Mapping):
        return {}
    kind = str(data.get("type", ""))
    value = next((data[name] for name in ("name", "id", "job", "data") if name in data), "")
    said = value if isinstance(value, str) and kind != "raw_data" else orjson.dumps(value).decode()
    return {"data": kind, f"data-{kind}": said}


def first_choice(kinds: Sequence[str], sources: Sources) -> str:
    """Return what is chosen at first: what there is something of."""
    if sources.datasets and "dataset" in kinds:
        return "dataset"
    if sources.datafiles and "datafile" in kinds:
        return "datafile"
    return "none" if "none" in kinds else next(one for one in ("upload", *kinds) if one in kinds)


_MISSING = {
    "dataset": "Choose a dataset, or add one first.",
    "datafile": "Choose a file, or send a new one.",
    "upload": "Choose a file to send.",
    "raw_data": "Write the data as JSON.",
    "object": "Say the id of the object.",
    "result": "Say the id of the job.",
}


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise ValueError(f'This is not JSON: {error}. Like [1, 2, 3] or {{"a": [1, 2]}}.') from None
