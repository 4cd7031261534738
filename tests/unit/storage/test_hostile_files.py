"""Every hostile file gives a result or one plain sentence, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoal.base.database import Database
from shoal.base.errors import InvalidInput, ShoalError, TooLarge, UnsupportedMedia
from shoal.storage import datasets
from shoal.storage.dataset import Dataset
from shoal.storage.files import FileStorage
from shoal.storage.options import ReadOptions
from tests.support.hostile import CASES, Case


def add(case: Case, folder: Path, database: Database, storage: FileStorage) -> Dataset:
    path = folder / case.file
    path.write_bytes(case.content)
    options = ReadOptions() if case.limit is None else ReadOptions(max_expanded_bytes=case.limit)
    return datasets.add(database, storage, path, options=options)


def names(outcome: str) -> list[str]:
    return [name for name, case in CASES.items() if case.expected == outcome]


def test_there_are_at_least_forty_hostile_files() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", names("error"))
def test_what_is_no_table_is_refused_in_a_sentence_and_leaves_nothing(
    name: str, tmp_path: Path, database: Database, storage: FileStorage
) -> None:
    case = CASES[name]
    with pytest.raises(ShoalError) as refused:
        add(case, tmp_path, database, storage)
    error = refused.value
    assert isinstance(error, InvalidInput | TooLarge | UnsupportedMedia)
    assert error.message.startswith(case.file)
    assert error.message.endswith(".")
    assert error.hint
    assert case.phrase in str(error)
    assert "\0" not in str(error)
    assert len(str(error)) < 500
    assert [path for path in storage.root.rglob("*") if path.is_file()] == []
    assert database.read(datasets.list_) == []


@pytest.mark.parametrize("name", names("ok"))
def test_what_is_a_table_is_read_whole_and_said(
    name: str, tmp_path: Path, database: Database, storage: FileStorage
) -> None:
    case = CASES[name]
    dataset = add(case, tmp_path, database, storage)
    assert any(case.phrase in note for note in dataset.notes) or not case.phrase
    table = datasets.open_table(storage, dataset)
    assert (table.num_rows, table.column_names) == (dataset.rows, [column.name for column in dataset.columns])
    assert [column.null_count for column in table.columns] == [column.missing for column in dataset.columns]
    assert len(set(table.column_names)) == len(table.column_names)
