"""Stored objects keep their JSON as it came, on every kind of database."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shoal.base.database import Database
from shoal.base.errors import Conflict, InvalidInput, NotFound, TooLarge
from shoal.storage import objects
from shoal.storage.files import FileStorage

COLUMNS = {"z": [1, 2.5, None], "a": ["x", "y", "z"]}


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


def keys(storage: FileStorage) -> list[str]:
    return [entry.key for entry in storage.list()]


def test_data_comes_back_in_its_order(database: Database, storage: FileStorage) -> None:
    added = objects.add(database, storage, "ana", "dataframe", COLUMNS, extra={"site": {"no": 4}})
    found = database.read(lambda conn: objects.get(conn, "ana", added.id))
    assert found == added
    assert list(objects.data_of(storage, found).items()) == list(COLUMNS.items())
    assert found.extra == {"site": {"no": 4}}
    with pytest.raises(NotFound):
        database.read(lambda conn: objects.get(conn, "ben", added.id))


TABLES: list[Any] = [
    {},
    [],
    COLUMNS,
    {"a": {"0": 1, "1": 2}, "b": {"0": 3}},
    [{"a": 1}, {"b": 2}],
    [[1, 2], [3, 4]],
]


def test_a_table_may_be_columns_or_rows(database: Database, storage: FileStorage) -> None:
    for data in TABLES:
        for datatype in ("timeseries", "dataframe"):
            assert objects.data_of(storage, objects.add(database, storage, "ana", datatype, data)) == data


REFUSED: list[tuple[Any, Any, str]] = [
    ("dataframe", {"a": [1], "b": [1, 2]}, "differ in length"),
    ("timeseries", [[1, 2], [3]], "differ in length"),
    ("dataframe", {"a": 1}, "neither all lists nor all objects"),
    ("dataframe", [1, 2], "neither all lists nor all objects"),
    ("dataframe", [{"a": 1}, [2]], "neither all lists"),
    ("timeseries", "text", "neither an object of columns"),
    ("timeseries", None, "neither an object of columns"),
    ("picture", {}, "no such datatype"),
    (["raw"], {}, "no such datatype"),
]


def test_what_is_no_table_is_refused_and_nothing_kept(database: Database, storage: FileStorage) -> None:
    for datatype, data, said in REFUSED:
        with pytest.raises(InvalidInput, match=said):
            objects.add(database, storage, "ana", datatype, data)
    assert keys(storage) == []
    assert database.read(lambda conn: objects.find(conn, "ana")) == []


def test_raw_data_is_any_json(database: Database, storage: FileStorage) -> None:
    for data in (None, True, 0, -1.5, "text\0", [1, [2]], {"a": [1, {"b": None}]}):
        assert objects.data_of(storage, objects.add(database, storage, "ana", "raw", data)) == data


def test_an_id_is_given_once(database: Database, storage: FileStorage) -> None:
    first = objects.add(database, storage, "ana", "raw", 1, id="wind_4-B")
    with pytest.raises(Conflict):
        objects.add(database, storage, "ana", "raw", 2, id="wind_4-B")
    assert keys(storage) == [first.key]
    assert objects.add(database, storage, "ben", "raw", 2, id="wind_4-B").owner == "ben"


def test_other_ids_are_refused(database: Database, storage: FileStorage) -> None:
    for bad in ("", "a b", "a/b", "../a", "x" * 65, "ä", "a\n"):
        with pytest.raises(InvalidInput):
            objects.add(database, storage, "ana", "raw", 1, id=bad)
        with pytest.raises(NotFound):
            database.read(partial(objects.get, owner="ana", id=bad))
    assert keys(storage) == []


def test_a_change_keeps_what_it_does_not_name_and_what_was_bound(
    database: Database, storage: FileStorage
) -> None:
    first = objects.add(database, storage, "ana", "raw", COLUMNS, id="a", extra={"x": 1})
    second = objects.change(database, storage, first, datatype="dataframe")
    assert (second.key, second.datatype, second.extra) == (first.key, "dataframe", {"x": 1})
    third = objects.change(database, storage, second, data={"a": [1]}, extra={"y": 2})
    assert database.read(lambda conn: objects.get(conn, "ana", "a")) == third
    assert objects.data_of(storage, first) == COLUMNS
    assert objects.data_of(storage, third) == {"a": [1]}


def test_a_change_of_what_was_changed_meanwhile_is_refused(database: Database, storage: FileStorage) -> None:
    first = objects.add(database, storage, "ana", "raw", 1, id="a")
    second = objects.change(database, storage, first, data=2)
    with pytest.raises(Conflict, match="meanwhile"):
        objects.change(database, storage, first, data=3)
    with pytest.raises(InvalidInput):
        objects.change(database, storage, second, datatype="dataframe")
    assert database.read(lambda conn: objects.get(conn, "ana", "a")) == second


def test_too_much_or_too_deep_data_is_refused(
    database: Database, storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    with pytest.raises(InvalidInput, match="cannot be kept"):
        objects.add(database, storage, "ana", "raw", deep)
    monkeypatch.setattr(objects, "LARGEST", 10)
    with pytest.raises(TooLarge):
        objects.add(database, storage, "ana", "raw", "x" * 10)
    assert keys(storage) == []


def test_removed_and_replaced_data_is_collected(database: Database, storage: FileStorage) -> None:
    first = objects.add(database, storage, "ana", "raw", 1, id="a")
    second = objects.change(database, storage, first, data=2)
    objects.add(database, storage, "ana", "raw", 3, id="b")
    assert objects.remove(database, "ben") == 0
    assert objects.remove(database, "ana", ["b", "c"]) == 1
    assert len(keys(storage)) == 3
    assert objects.collect(database, storage, older_than=-(10**6)) == 2
    assert keys(storage) == [second.key]
