from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shoal.base.database import Database, open_database
from shoal.base.faults import FaultPoint
from shoal.base.schema import metadata
from shoal.storage.files import FileStorage
from shoal.storage.options import ReadOptions
from shoal.storage.reading import TableRead, read_table
from shoal.storage.tables import datasets

Read = Callable[..., TableRead]


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'shoal.db'}")
    made = FaultPoint("tests.tables", "The tests' tables are made.")
    opened.write(made, lambda conn: metadata.create_all(conn, tables=[datasets]))
    yield opened
    opened.close()


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a file with this content."""

    def reader(content: str | bytes, file: str = "data.csv", **options: object) -> TableRead:
        path = tmp_path / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, file, ReadOptions(**options))  # type: ignore[arg-type]

    return reader
