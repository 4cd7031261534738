"""What a request calls its data is bound to stored bytes of the owner's own, on every kind of database."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from shoal.base.database import Database
from shoal.base.errors import InvalidInput, NotFound, ShoalError, UnsupportedMedia
from shoal.jobs.data.binding import bind
from shoal.jobs.model import NewJob
from shoal.jobs.store import submission
from shoal.storage import datafiles, datasets, objects
from shoal.storage.files import FileStorage
from tests.support.store import STORED


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


@pytest.fixture
def database(database: Database, storage: FileStorage) -> Database:
    datafiles.add(database, storage, io.BytesIO(b"a,b\n1,2\n"), "wind.csv", "ana", limit=100)
    objects.add(database, storage, "ana", "dataframe", {"a": [1, 2]}, id="frame")
    return database


def bound(database: Database, storage: FileStorage, given: Any, owner: str = "ana") -> dict[str, Any]:
    return database.read(lambda conn: bind(conn, storage, owner, given))


@pytest.mark.parametrize(
    "given",
    [
        {"type": "datafile", "name": "wind.csv"},
        {"type": "datafile", "name": "wind.CSV"},
        {"type": "datafile", "path": "/datafile/wind.csv"},
        {"type": "datafile", "name": "wind.csv", "path": "/etc/passwd", "strict": False, "size": "8 bytes"},
    ],
)
def test_a_file_is_bound_by_its_name_alone(database: Database, storage: FileStorage, given: Any) -> None:
    found = bound(database, storage, given)
    assert (found["type"], found["name"], found["size"]) == ("datafile", "wind.csv", 8)
    with storage.open(found["key"]) as file:
        assert file.read() == b"a,b\n1,2\n"


@pytest.mark.parametrize("given", [{"type": kind, "id": "frame"} for kind in ("object", "mongodb")])
def test_an_object_is_bound_with_its_datatype(database: Database, storage: FileStorage, given: Any) -> None:
    found = bound(database, storage, given)
    assert (found["type"], found["datatype"], found["name"]) == ("object", "dataframe", "frame.json")
    with storage.open(found["key"]) as file:
        assert file.read() == b'{"a":[1,2]}'


def test_a_dataset_is_bound_to_its_version(database: Database, storage: FileStorage) -> None:
    added = datasets.add_table(database, storage, pa.table({"x": [1.0], "y": [2.0]}), "wide", "ana")
    found = bound(database, storage, {"type": "dataset", "id": added.id})
    assert (found["key"], found["columns"], found["version"]) == (added.key, ["x", "y"], 1)
    assert bound(database, storage, {"type": "dataset", "id": added.id, "version": 1}) == found


def test_raw_data_stays_as_it_is(database: Database, storage: FileStorage) -> None:
    for data in (None, 0, "x", [1], {"a": {"b": None}}):
        given = {"type": "raw_data", "data": data}
        assert bound(database, storage, given) == given


def test_a_result_is_that_of_a_job_of_ones_own(database: Database, storage: FileStorage) -> None:
    [job] = database.write(STORED, lambda conn: submission.submit(conn, "ana", [NewJob("tests.nothing")]))
    assert bound(database, storage, {"type": "result", "job": job}) == {"type": "result", "job": job}
    with pytest.raises(NotFound):
        bound(database, storage, {"type": "result", "job": job}, "ben")
    with pytest.raises(NotFound):
        bound(database, storage, {"type": "result", "job": job + 1})


REFUSED: list[tuple[Any, type[ShoalError]]] = [
    ({}, InvalidInput),
    ({"type": "file"}, InvalidInput),
    ({"type": ["datafile"]}, InvalidInput),
    ({"type": "datafile"}, InvalidInput),
    ({"type": "datafile", "name": 3}, InvalidInput),
    ({"datafile": "wind.csv"}, InvalidInput),
    ({"type": "datafile", "path": "/etc/passwd.csv", "strict": False}, InvalidInput),
    ({"type": "datafile", "name": "../wind.csv"}, InvalidInput),
    ({"type": "datafile", "name": "../../../../etc/passwd"}, InvalidInput),
    ({"type": "datafile", "name": "/etc/passwd"}, InvalidInput),
    ({"type": "datafile", "name": "wind.csv\0"}, InvalidInput),
    ({"type": "datafile", "name": "passwd"}, UnsupportedMedia),
    ({"type": "datafile", "name": "%2e%2e%2fwind.csv"}, NotFound),
    ({"type": "datafile", "name": "other.csv"}, NotFound),
    ({"type": "object", "id": "other"}, NotFound),
    ({"type": "object", "id": "../frame"}, NotFound),
    ({"type": "dataset", "id": "nothing"}, NotFound),
    ({"type": "dataset", "id": "nothing", "version": "1"}, InvalidInput),
    ({"type": "raw_data"}, InvalidInput),
    ({"type": "result", "job": "1"}, InvalidInput),
    ({"type": "result", "job": True}, InvalidInput),
    ({"type": "result", "job": 2**70}, InvalidInput),
    ({"type": "mongodb", "collection": "a", "query": {"$where": "sleep(1)"}}, InvalidInput),
    ({"type": "mongodb", "collection": "a", "query": {"a": [{"$expr": {}}]}}, InvalidInput),
    ({"type": "mongodb", "collection": "system.users"}, InvalidInput),
    ({"type": "mongodb", "collection": "a", "limit": 0}, InvalidInput),
    ({"type": "mongodb", "collection": "a", "uri": "mongodb://other"}, InvalidInput),
]


def test_what_is_not_named_well_is_refused(database: Database, storage: FileStorage) -> None:
    for given, error in REFUSED:
        with pytest.raises(error):
            bound(database, storage, given)


def test_what_is_somebody_elses_is_not_there(database: Database, storage: FileStorage) -> None:
    for given in ({"type": "datafile", "name": "wind.csv"}, {"type": "object", "id": "frame"}):
        with pytest.raises(NotFound):
            bound(database, storage, given, "ben")


def test_a_file_that_is_gone_is_told_before_the_job_waits(database: Database, storage: FileStorage) -> None:
    storage.delete(bound(database, storage, {"type": "datafile", "name": "wind.csv"})["key"])
    with pytest.raises(NotFound):
        bound(database, storage, {"type": "datafile", "name": "wind.csv"})
