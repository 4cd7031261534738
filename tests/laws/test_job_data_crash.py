"""kill -9 at every durable step of data for jobs: what has a row has its bytes, and the rest is collected."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shoal.base.database import open_database
from shoal.storage import datafiles, objects
from shoal.storage.files import FileStorage

KEEPER = """
import io, sys
from pathlib import Path
from shoal.base.database import open_database
from shoal.storage import datafiles, objects
from shoal.storage.files import FileStorage
database, storage = open_database(sys.argv[1]), FileStorage(Path(sys.argv[2]))
datafiles.add(database, storage, io.BytesIO(b"a,b"), "a.csv", "ana", limit=100)
stored = objects.add(database, storage, "ana", "raw", [1], id="a")
objects.change(database, storage, stored, data=[2])
datafiles.remove(database, storage, "ana", "a.csv")
objects.remove(database, "ana")
"""
FAULTS = [
    "storage.put:after",
    "datafiles.add:before",
    "datafiles.add:after",
    "objects.keep:before:2",
    "objects.keep:after:2",
    "datafiles.remove:after",
    "objects.remove:after",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_killed_anywhere_every_row_has_its_bytes_and_no_bytes_are_left(
    new_database_url: Callable[[], str], tmp_path: Path, fault: str
) -> None:
    url, storage = new_database_url(), FileStorage(tmp_path / "files")
    command = [sys.executable, "-c", KEEPER, url, str(storage.root)]
    ended = subprocess.run(command, env=os.environ | {"SHOAL_FAULT": fault}, check=False)
    assert ended.returncode == -signal.SIGKILL
    database = open_database(url)
    try:
        for module in (datafiles, objects):
            module.collect(database, storage, older_than=-(10**6))
            kept = database.read(module.stored_keys)
            assert {entry.key for entry in storage.list(module.PREFIX)} == kept
        for stored in database.read(lambda conn: objects.find(conn, "ana")):
            assert objects.data_of(storage, stored) in ([1], [2])
        for file in database.read(lambda conn: datafiles.list_(conn, "ana")):
            with storage.open(file.key) as opened:
                assert opened.read() == b"a,b"
            datafiles.remove(database, storage, "ana", file.name)
        assert datafiles.add(database, storage, io.BytesIO(b"x"), "a.csv", "ana", limit=9).size == 1
    finally:
        database.close()
