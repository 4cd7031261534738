"""Datasets are kept whole or not at all, on every kind of database."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict, InvalidInput, NotFound, Unavailable
from shoal.base.faults import FaultPoint
from shoal.base.schema import metadata
from shoal.storage import datasets
from shoal.storage.dataset import stored_keys
from shoal.storage.files import FileStorage
from shoal.storage.options import ReadOptions
from shoal.storage.orphans import orphans
from shoal.storage.tables import datasets as table
from tests.support.hostile import rows

MADE = FaultPoint("tests.tables", "The tests' tables are made.")
ADDER = """
import sys
from pathlib import Path
from shoal.base.database import open_database
from shoal.storage import datasets
from shoal.storage.files import FileStorage
database = open_database(sys.argv[1])
dataset = datasets.add(database, FileStorage(Path(sys.argv[2])), Path(sys.argv[3]))
if len(sys.argv) > 4:
    datasets.remove(database, FileStorage(Path(sys.argv[2])), dataset.id)
"""


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(rows(100))
    return path


@pytest.fixture
def database(database: Database) -> Database:
    make_tables(database)
    return database


def make_tables(database: Database) -> None:
    database.write(MADE, lambda conn: metadata.create_all(conn, tables=[table]))


def keys(storage: FileStorage) -> list[str]:
    return [entry.key for entry in storage.list()]


def test_a_dataset_is_found_again(database: Database, storage: FileStorage, source: Path) -> None:
    added = datasets.add(database, storage, source, owner="ana")
    assert database.read(lambda conn: datasets.get(conn, added.id)) == added
    assert database.read(lambda conn: datasets.list_(conn, "ana")) == [added]
    assert database.read(lambda conn: datasets.list_(conn, "ben")) == []
    assert (added.name, added.rows, added.size, added.version) == ("data.csv", 100, source.stat().st_size, 1)
    assert datasets.open_table(storage, added.key).num_rows == 100
    with storage.open(added.original or "") as file:
        assert file.read() == source.read_bytes()


def test_the_same_file_is_kept_once(database: Database, storage: FileStorage, source: Path) -> None:
    first = datasets.add(database, storage, source)
    assert datasets.add(database, storage, source) == first
    assert datasets.add(database, storage, io.BytesIO(source.read_bytes()), "data.csv") == first
    assert len(keys(storage)) == 2


@pytest.mark.parametrize("other", ["owner", "name", "options", "bytes"])
def test_what_differs_is_another_dataset(
    database: Database, storage: FileStorage, source: Path, other: str
) -> None:
    first = datasets.add(database, storage, source)
    if other == "bytes":
        source.write_text(rows(101))
    second = datasets.add(
        database,
        storage,
        source,
        "other.csv" if other == "name" else None,
        ReadOptions(delimiter=",") if other == "options" else None,
        "ben" if other == "owner" else "local",
    )
    assert second.id != first.id
    assert (second.sha256 == first.sha256) == (other != "bytes")


def test_a_next_version_shares_the_id(database: Database, storage: FileStorage, source: Path) -> None:
    first = datasets.add(database, storage, source)
    source.write_text(rows(120))
    second = datasets.add(database, storage, source, replaces=first.id)
    assert (second.id, second.version, second.rows) == (first.id, 2, 120)
    assert database.read(lambda conn: datasets.get(conn, first.id)) == second
    assert database.read(lambda conn: datasets.get(conn, first.id, 1)) == first
    with pytest.raises(NotFound):
        datasets.add(database, storage, source, replaces="nothing")


def test_a_table_from_memory_is_kept_once(database: Database, storage: FileStorage) -> None:
    frame = pa.table({"a": [1.0, 2.0], "b": ["x", "y"]})
    first = datasets.add_table(database, storage, frame, "frame")
    assert datasets.add_table(database, storage, frame, "frame") == first
    assert datasets.open_table(storage, first).equals(frame)
    assert keys(storage) == [first.key]


def test_removing_takes_rows_and_files(database: Database, storage: FileStorage, source: Path) -> None:
    first = datasets.add(database, storage, source)
    source.write_text(rows(120))
    datasets.add(database, storage, source, replaces=first.id)
    datasets.remove(database, storage, first.id)
    assert keys(storage) == []
    for act in (
        lambda: datasets.remove(database, storage, first.id),
        lambda: database.read(lambda c: datasets.get(c, first.id)),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_refused_file_leaves_nothing(database: Database, storage: FileStorage, source: Path) -> None:
    source.write_text(rows(100) + "1\n")
    with pytest.raises(InvalidInput, match="row 102"):
        datasets.add(database, storage, source)
    assert keys(storage) == []
    assert database.read(datasets.list_) == []


def test_a_broken_upload_leaves_nothing(database: Database, storage: FileStorage) -> None:
    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError("the sender is gone")

    with pytest.raises(ConnectionResetError):
        datasets.add(database, storage, Gone(), "data.csv")
    assert keys(storage) == []


def test_a_row_that_is_refused_leaves_no_file(database: Database, storage: FileStorage, source: Path) -> None:
    nobody: Any = None
    with pytest.raises(IntegrityError):
        datasets.add(database, storage, source, owner=nobody)
    assert keys(storage) == []


def test_a_database_that_does_not_answer_leaves_orphans_at_most(
    database: Database, storage: FileStorage, source: Path
) -> None:
    execute(database, "ALTER TABLE datasets RENAME TO hidden")
    with pytest.raises(DBAPIError):
        datasets.add(database, storage, source)
    execute(database, "ALTER TABLE hidden RENAME TO datasets")
    datasets.collect(database, storage, older_than=-(10**6))
    assert keys(storage) == []


def execute(database: Database, statement: str) -> None:
    database.write(MADE, lambda conn: conn.execute(text(statement)).close())


def test_two_who_add_the_same_file_at_once_share_one_dataset(
    database: Database, storage: FileStorage, source: Path
) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(datasets.add(database, storage, source)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({dataset.id for dataset in found}) == 1
    assert sorted(keys(storage)) == sorted(found[0].keys)


def test_orphans_are_what_no_row_needs_and_is_not_young(
    database: Database, storage: FileStorage, source: Path
) -> None:
    kept = datasets.add(database, storage, source)
    storage.put("datasets/gone/v1.arrow", [b"x"])
    storage.put("artifacts/1", [b"x"])
    assert orphans(database, storage, datasets.PREFIX, stored_keys) == []
    assert orphans(database, storage, datasets.PREFIX, stored_keys, older_than=-(10**6)) == [
        "datasets/gone/v1.arrow"
    ]
    assert datasets.collect(database, storage, older_than=-(10**6)) == 1
    assert keys(storage) == ["artifacts/1", *sorted(kept.keys)]


def test_a_damaged_table_is_said(database: Database, storage: FileStorage, source: Path) -> None:
    dataset = datasets.add(database, storage, source)
    storage.put(dataset.key, [b"no table"])
    with pytest.raises(Unavailable, match="is damaged"):
        datasets.open_table(storage, dataset)


def test_what_is_used_cannot_be_removed(database: Database, storage: FileStorage, source: Path) -> None:
    dataset = datasets.add(database, storage, source)
    of_it = "id TEXT, version INTEGER, FOREIGN KEY (id, version) REFERENCES datasets"
    execute(database, f"CREATE TABLE users ({of_it})")
    execute(database, f"INSERT INTO users VALUES ('{dataset.id}', 1)")
    with pytest.raises(Conflict, match="still used"):
        datasets.remove(database, storage, dataset.id)
    assert datasets.open_table(storage, dataset).num_rows == 100


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", ["datasets.add", "datasets.remove"])
def test_a_death_around_the_row_leaves_a_whole_dataset_or_orphans(
    new_database_url: Callable[[], str], tmp_path: Path, source: Path, point: str, moment: str
) -> None:
    die_and_look(new_database_url(), tmp_path, source, f"{point}:{moment}:1")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("point", "nth"), [("storage.put", 1), ("storage.put", 2), ("storage.delete", 1)])
def test_a_death_around_a_file_leaves_a_whole_dataset_or_orphans(
    tmp_path: Path, source: Path, point: str, nth: int, moment: str
) -> None:
    die_and_look(f"sqlite:///{tmp_path / 'shoal.db'}", tmp_path, source, f"{point}:{moment}:{nth}")


def die_and_look(url: str, folder: Path, source: Path, fault: str) -> None:
    database, storage = open_database(url), FileStorage(folder / "files")
    try:
        make_tables(database)
        then = ["remove"] if "remove" in fault or "delete" in fault else []
        command = [sys.executable, "-c", ADDER, url, str(storage.root), str(source), *then]
        ended = subprocess.run(command, env=os.environ | {"SHOAL_FAULT": fault}, check=False)
        assert ended.returncode == -signal.SIGKILL
        for dataset in database.read(datasets.list_):
            assert datasets.open_table(storage, dataset).num_rows == 100
        again = datasets.add(database, storage, source)
        datasets.collect(database, storage, older_than=-(10**6))
        assert sorted(keys(storage)) == sorted(again.keys)
        assert [path for path in storage.root.rglob(".*") if path.is_file()] == []
        assert database.read(datasets.list_) == [again]
    finally:
        database.close()
