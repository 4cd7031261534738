"""A disk that is full, or may not be written: a clear answer, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shoal.base import events
from shoal.base.database import Database, open_database
from shoal.base.errors import Forbidden, StorageFull
from shoal.base.faults import fault_point
from shoal.jobs.model import NewJob
from tests.support.components import require_component
from tests.support.store import Store

POINT = fault_point("tests.full", "A test fills the disk.")
PAYLOAD = "x" * 20_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 4 MiB; only root may."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    require_component("a mountable tmpfs", folder if done.returncode == 0 else None, "run as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(store: Store) -> int:
    """Submit until the disk is full, many at once, and return how many were accepted."""
    accepted = 0
    while True:
        new = [NewJob("k", spec={"payload": PAYLOAD})]
        futures = [
            store.database.submit(POINT, lambda c: events.append(c, "t", "s", "k", {"p": PAYLOAD}))
            for _ in range(20)
        ]
        failures = [future.exception() for future in futures]
        accepted += failures.count(None)
        assert all(isinstance(failure, StorageFull) for failure in failures if failure is not None)
        if any(failures):
            return accepted
        with suppress(StorageFull):  # The next round meets it, too.
            store.submit(*new)


def kept(database: Database) -> int:
    return len(database.read(lambda c: events.after(c, 0, ["t"], limit=10_000)))


@pytest.mark.real
def test_a_full_disk_is_said_and_what_was_accepted_stays(small_disk: Path, sqlite_template: Path) -> None:
    path = shutil.copy(sqlite_template, small_disk / "shoal.db")
    database = open_database(f"sqlite:///{path}")
    try:
        accepted = fill(Store(database))
        assert kept(database) == accepted > 0
    finally:
        database.close()
    database = open_database(f"sqlite:///{path}")
    try:
        assert kept(database) == accepted
    finally:
        database.close()


@pytest.mark.real
def test_room_made_on_a_full_disk_is_used(small_disk: Path, sqlite_template: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    path = shutil.copy(sqlite_template, small_disk / "shoal.db")
    database = open_database(f"sqlite:///{path}")
    try:
        store = Store(database)
        accepted = fill(store)
        ballast.unlink()
        store.write(lambda c: events.append(c, "t", "s", "k", {"p": PAYLOAD}))
        assert kept(database) == accepted + 1
    finally:
        database.close()


@pytest.mark.real
def test_a_read_only_disk_is_said(small_disk: Path, sqlite_template: Path) -> None:
    path = shutil.copy(sqlite_template, small_disk / "shoal.db")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Forbidden, match=r"shoal\.db cannot be written"):
        open_database(f"sqlite:///{path}")


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path, sqlite_template: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    path = Path(shutil.copy(sqlite_template, tmp_path / "shoal.db"))
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Forbidden):
            open_database(f"sqlite:///{path}")
    finally:
        tmp_path.chmod(0o700)
