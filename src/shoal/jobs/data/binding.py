"""Binding data to a job: from what a request says to what stands under it, with its hash.

A bound job reads those bytes and no others. What a request may say:
`{"type": "datafile", "name": "a.csv"}`, `{"type": "object", "id": "..."}` (in older documents
`mongodb` with an `id`), `{"type": "dataset", "id": "...", "version": 2}`,
`{"type": "raw_data", "data": ...}`, `{"type": "result", "job": 7}`, and for a MongoDB of one's own
`{"type": "mongodb", "collection": "..."}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from shoal.access.decisions import missing
from shoal.jobs.data.faults import unclear
from shoal.jobs.data.mongodb import MONGODB, collection_of
from shoal.jobs.model import HOUSE_LABEL
from shoal.jobs.store import reading
from shoal.storage import datafiles, dataset, objects
from shoal.storage.backend import Storage

Bound = dict[str, Any]
Given = Mapping[str, Any]
# Folders that older documents put before a data file's name, and replies of ours do.
LOGICAL = "/datafile/"
LATEST = 2**63 - 1


def bind(conn: Connection, storage: Storage, owner: str, given: Given) -> Bound:
    """Return what data is, for the spec of a job: its type, and the `key` and `sha256` of what is stored.

    Raises:
        NotFound: there is no such thing, or it is not the owner's.
        InvalidInput: it is not said what is meant; `errors` names the field.
    """
    kind = given.get("type")
    binder = _BINDERS.get(kind) if isinstance(kind, str) else None
    if binder is None:
        raise unclear("type", f"There are: {', '.join(_BINDERS)}.")
    bound = binder(conn, owner, given)
    if key := bound.get("key"):
        storage.size(key)  # Raises NotFound now rather than when the job runs.
    return bound


def is_fixed(bound: Bound) -> bool:
    """Say whether data is the same whenever a job reads it."""
    return bound.get("type") != MONGODB


def labels_for(bound: Bound | None) -> tuple[str, ...]:
    """Return what a worker must offer to read data: another machine is not told our MongoDB's address."""
    return () if bound is None or is_fixed(bound) else (HOUSE_LABEL,)


def _datafile(conn: Connection, owner: str, given: Given) -> Bound:
    name = _text(given, "name" if "name" in given else "path").removeprefix(LOGICAL)
    found = datafiles.get(conn, owner, datafiles.checked_name(name))
    return {
        "type": "datafile",
        "name": found.name,
        "key": found.key,
        "size": found.size,
        "sha256": found.sha256,
    }


def _object(conn: Connection, owner: str, given: Given) -> Bound:
    found = objects.get(conn, owner, _text(given, "id" if "id" in given else "name"))
    return {
        "type": "object",
        "id": found.id,
        "name": f"{found.id}.json",
        "key": found.key,
        "size": found.size,
        "sha256": found.sha256,
        "datatype": found.datatype,
    }


def _mongodb(conn: Connection, owner: str, given: Given) -> Bound:
    return collection_of(given) if "collection" in given else _object(conn, owner, given)


def _dataset(conn: Connection, owner: str, given: Given) -> Bound:
    id_, version = _text(given, "id"), given.get("version")
    if version is not None and not (type(version) is int and 1 <= version <= LATEST):
        raise unclear("version", "It is a whole number, 1 or more.")
    found = dataset.get(conn, id_, version)
    if found.owner != owner:
        raise missing("dataset", id_)
    return {
        "type": "dataset",
        "id": found.id,
        "version": found.version,
        "name": found.name,
        "key": found.key,
        "size": found.size,
        "sha256": found.table_sha256,
        "columns": [column.name for column in found.columns],
    }


def _raw_data(conn: Connection, owner: str, given: Given) -> Bound:
    if "data" not in given:
        raise unclear("data", "It holds the data itself, any JSON.")
    return {"type": "raw_data", "data": given["data"]}


def _result(conn: Connection, owner: str, given: Given) -> Bound:
    job = given.get("job")
    if type(job) is not int or not 1 <= job <= LATEST:
        raise unclear("job", "It is the number of a job.")
    if reading.get(conn, job).owner != owner:
        raise missing("job", job)
    return {"type": "result", "job": job}


_BINDERS: dict[str, Callable[[Connection, str, Given], Bound]] = {
    "datafile": _datafile,
    "object": _object,
    "mongodb": _mongodb,
    "dataset": _dataset,
    "raw_data": _raw_data,
    "result": _result,
}


def _text(given: Given, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise unclear(name, "It is a text that names what is meant.")
    return value
