"""Data files are kept whole under their name or not at all, on every kind of database."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path

import pytest

from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound, ShoalError, TooLarge, UnsupportedMedia
from shoal.storage import datafiles
from shoal.storage.datafiles import Datafile
from shoal.storage.files import FileStorage

CONTENT = b"date,value\n2000-01-01,1.5\n"


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


def add(
    database: Database, storage: FileStorage, name: str, content: bytes = CONTENT, owner: str = "ana"
) -> Datafile:
    return datafiles.add(database, storage, io.BytesIO(content), name, owner, limit=1000)


def keys(storage: FileStorage) -> list[str]:
    return [entry.key for entry in storage.list()]


def test_a_file_is_found_by_its_name(database: Database, storage: FileStorage) -> None:
    added = add(database, storage, "timeseries.csv")
    assert database.read(lambda conn: datafiles.get(conn, "ana", "timeseries.csv")) == added
    assert (added.size, added.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    with storage.open(added.key) as file:
        assert file.read() == CONTENT
    assert database.read(lambda conn: datafiles.list_(conn, "ana")) == [added]


def test_the_case_of_an_extension_does_not_count(database: Database, storage: FileStorage) -> None:
    added = add(database, storage, "Wind.CSV")
    assert added.name == "Wind.CSV"
    assert database.read(lambda conn: datafiles.get(conn, "ana", "Wind.csv")) == added
    with pytest.raises(Conflict):
        add(database, storage, "Wind.Csv")
    assert add(database, storage, "Wind.dat") != added
    assert add(database, storage, "wind.csv") != added


def test_owners_do_not_see_each_other(database: Database, storage: FileStorage) -> None:
    mine, theirs = add(database, storage, "a.csv"), add(database, storage, "a.csv", b"x\n1\n", "ben")
    assert mine.key != theirs.key
    assert database.read(lambda conn: datafiles.list_(conn, "ben")) == [theirs]
    datafiles.remove(database, storage, "ben", "a.csv")
    with pytest.raises(NotFound):
        datafiles.remove(database, storage, "ben", "a.csv")
    assert database.read(lambda conn: datafiles.get(conn, "ana", "a.csv")) == mine


REFUSED: list[tuple[str, type[ShoalError]]] = [
    ("data.exe", UnsupportedMedia),
    ("data", UnsupportedMedia),
    ("data.csv.exe", UnsupportedMedia),
    ("csv", UnsupportedMedia),
    ("../data.csv", InvalidInput),
    ("/etc/data.csv", InvalidInput),
    ("a/b.csv", InvalidInput),
    ("a\\b.csv", InvalidInput),
    ("..csv", InvalidInput),
    (".csv", InvalidInput),
    ("", InvalidInput),
    ("a\0.csv", InvalidInput),
    ("a\n.csv", InvalidInput),
    ("\ud800.csv", InvalidInput),
    ("x" * 250 + ".csv", InvalidInput),
]


def test_other_names_leave_nothing(database: Database, storage: FileStorage) -> None:
    for name, error in REFUSED:
        with pytest.raises(error):
            add(database, storage, name)
    assert keys(storage) == []
    assert database.read(lambda conn: datafiles.list_(conn, "ana")) == []


def test_what_is_too_large_leaves_nothing(database: Database, storage: FileStorage) -> None:
    with pytest.raises(TooLarge, match="1,000 bytes"):
        add(database, storage, "large.csv", b"x" * 1001)
    assert keys(storage) == []
    assert add(database, storage, "large.csv", b"x" * 1000).size == 1000


def test_a_name_is_given_once_even_to_requests_at_once(database: Database, storage: FileStorage) -> None:
    begin = threading.Barrier(4)
    told: list[Datafile | Conflict] = []

    def upload(number: int) -> None:
        begin.wait(20)
        try:
            told.append(add(database, storage, "same.csv", b"%d" % number))
        except Conflict as error:
            told.append(error)

    threads = [threading.Thread(target=upload, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [one for one in told if isinstance(one, Datafile)]
    assert (len(kept), len(told)) == (1, 4)
    assert keys(storage) == [kept[0].key]


def test_all_of_an_owner_go_at_once(database: Database, storage: FileStorage) -> None:
    theirs = add(database, storage, "a.csv", owner="ben")
    for name in ("a.csv", "b.txt"):
        add(database, storage, name)
    assert datafiles.remove_all(database, storage, "ana") == 2
    assert datafiles.remove_all(database, storage, "ana") == 0
    assert keys(storage) == [theirs.key]


def test_files_without_a_row_are_collected_when_they_are_old(
    database: Database, storage: FileStorage
) -> None:
    kept = add(database, storage, "a.csv")
    storage.put("datafiles/left.csv", [b"x"])
    assert datafiles.collect(database, storage) == 0
    assert datafiles.collect(database, storage, older_than=-(10**6)) == 1
    assert keys(storage) == [kept.key]


def test_a_link_in_place_of_a_file_is_not_followed(
    database: Database, storage: FileStorage, tmp_path: Path
) -> None:
    added = add(database, storage, "a.csv")
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    path = storage.path(added.key)
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(InvalidInput, match="leads out"):
        storage.open(added.key)
