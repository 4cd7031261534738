from __future__ import annotations

import io

import pytest

from shoal.base.database import Database
from shoal.storage import datasets
from shoal.storage.files import FileStorage
from shoal.storage.listing import DatasetFilter, DatasetSort, dataset_page, versions


@pytest.fixture
def filled(database: Database, storage: FileStorage) -> Database:
    for name, rows, owner in (
        ("b.csv", 3, "ana"),
        ("A.csv", 5, "ana"),
        ("c_x.csv", 2, "ben"),
        ("cyx.csv", 9, "ben"),
    ):
        content = "x,y\n" + "".join(f"{row},{row}\n" for row in range(rows))
        datasets.add(database, storage, io.BytesIO(content.encode()), name, owner=owner)
    return database


def names(database: Database, wanted: DatasetFilter, **options: object) -> list[str]:
    found, total = database.read(lambda conn: dataset_page(conn, wanted, **options))  # type: ignore[arg-type]
    assert total >= len(found)
    return [dataset.name for dataset in found]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created", ["b.csv", "A.csv", "c_x.csv", "cyx.csv"]),
        ("name", ["A.csv", "b.csv", "c_x.csv", "cyx.csv"]),
        ("rows", ["c_x.csv", "b.csv", "A.csv", "cyx.csv"]),
        ("size", ["c_x.csv", "b.csv", "A.csv", "cyx.csv"]),
    ],
)
def test_a_list_is_sorted_both_ways(filled: Database, sort: DatasetSort, expected: list[str]) -> None:
    assert names(filled, DatasetFilter(), sort=sort, descending=False) == expected
    assert names(filled, DatasetFilter(), sort=sort, descending=True) == expected[::-1]


def test_pages_together_are_the_list_and_the_total_is_its_length(filled: Database) -> None:
    parts = [names(filled, DatasetFilter(), offset=offset, limit=3) for offset in (0, 3, 6)]
    assert [len(part) for part in parts] == [3, 1, 0]
    assert [name for part in parts for name in part] == names(filled, DatasetFilter())
    assert filled.read(lambda conn: dataset_page(conn, DatasetFilter(), limit=1))[1] == 4


def test_a_search_takes_its_signs_as_they_are_and_an_owner_sees_their_own(filled: Database) -> None:
    assert names(filled, DatasetFilter(text="c_")) == ["c_x.csv"]
    assert names(filled, DatasetFilter("ana", "CSV"), sort="name", descending=False) == ["A.csv", "b.csv"]
    assert names(filled, DatasetFilter("ana", "c_x")) == []


def test_a_dataset_stands_once_with_its_newest_version(filled: Database, storage: FileStorage) -> None:
    first = filled.read(lambda conn: dataset_page(conn, DatasetFilter(text="b.csv")))[0][0]
    datasets.add(filled, storage, io.BytesIO(b"x,y\n1,1\n"), "b.csv", owner="ana", replaces=first.id)
    found, total = filled.read(lambda conn: dataset_page(conn, DatasetFilter(text="b.csv")))
    assert (total, found[0].id, found[0].version, found[0].rows) == (1, first.id, 2, 1)
    assert [each.version for each in filled.read(lambda conn: versions(conn, first.id))] == [2, 1]
