"""A backup holds everything of one moment, shows damage, and comes back as it was."""

from __future__ import annotations

import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shoal.base import backup, restoring
from shoal.base.archive import is_inside, verify
from shoal.base.database import Database, open_database
from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.jobs.model import Job
from shoal.migrations.upgrading import upgrade
from tests.support.store import Store


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database: Database) -> Iterator[str | None]:
    """Return where rows go: nowhere but the home on SQLite, an empty database on PostgreSQL."""
    if database.dialect == "sqlite":
        yield None
        return
    url = request.getfixturevalue("cluster").empty()
    yield url
    request.getfixturevalue("cluster").drop(url)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "x.arrow").write_bytes(bytes(range(256)) * 9000)
    (folder / "ünï.txt").write_text("é")
    (folder / ".draft").write_text("not yet")
    return folder


def jobs_of(url: str) -> list[Job]:
    database = open_database(url)
    try:
        return list(Store(database).find())
    finally:
        database.close()


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz"])
def test_what_was_backed_up_comes_back(
    store: Store, files: Path, tmp_path: Path, empty_url: str | None, name: str
) -> None:
    store.submit_one(spec={"x": [1, "é", None]}, extra={"a": 1}, labels=["gpu"])
    store.succeed(store.lease_one(labels=["gpu"]), {"y": 2.5})
    last = store.submit_one()
    before = store.find()
    made = backup.make(store.database, {"files": files}, tmp_path / name)
    assert verify(tmp_path / name) == made
    home = tmp_path / "home"
    restoring.restore(tmp_path / name, home, upgrade, url=empty_url)
    url = empty_url or f"sqlite:///{home}/shoal.db"
    assert jobs_of(url) == before
    assert (home / "files/a/x.arrow").read_bytes() == (files / "a/x.arrow").read_bytes()
    assert (home / "files/ünï.txt").read_text() == "é"
    assert not (home / "files/.draft").exists()
    database = open_database(url)
    try:
        assert not upgrade(database)
        assert Store(database).submit_one() > last
    finally:
        database.close()


def test_a_backup_is_of_one_moment_while_others_write(store: Store, tmp_path: Path, files: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            parent = store.submit_one("parent")
            store.submit_one("child", parent=parent)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(3):
            backup.make(store.database, {"files": files}, tmp_path / f"{i}.tar")
    finally:
        stop.set()
        writer.join()
    assert all(verify(tmp_path / f"{i}.tar").members for i in range(3))


def test_nothing_is_overwritten(store: Store, files: Path, tmp_path: Path) -> None:
    archive = tmp_path / "b.tar"
    backup.make(store.database, {"files": files}, archive)
    with pytest.raises(Conflict, match="there already"):
        backup.make(store.database, {}, archive)
    home = tmp_path / "home"
    home.mkdir()
    (home / "home.lock").touch()
    (home / "something").touch()
    with pytest.raises(Conflict, match="not empty"):
        restoring.restore(archive, home, upgrade)


def test_rows_go_only_into_the_kind_of_database_they_came_from(
    store: Store, tmp_path: Path, new_database_url: Callable[[], str]
) -> None:
    archive = tmp_path / "b.tar"
    backup.make(store.database, {}, archive)
    if store.database.dialect == "sqlite":
        with pytest.raises(InvalidInput, match="sqlite"):
            restoring.restore(archive, tmp_path / "home", upgrade, url="postgresql://nobody@127.0.0.1:9/none")
    else:
        with pytest.raises(InvalidInput, match="postgresql"):
            restoring.restore(archive, tmp_path / "home", upgrade)
        with pytest.raises(Conflict, match="not empty"):
            restoring.restore(archive, tmp_path / "home", upgrade, url=new_database_url())
    assert not (tmp_path / "home").exists()


def test_damage_is_seen(tmp_path: Path, files: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "x.db")
    database = open_database(f"sqlite:///{tmp_path}/x.db")
    try:
        backup.make(database, {"files": files}, tmp_path / "b.tar")
    finally:
        database.close()
    whole = (tmp_path / "b.tar").read_bytes()
    assert not list(tmp_path.glob(".b.tar*"))
    torn = tmp_path / "torn.tar"
    place = whole.index(bytes(range(256)) * 3)
    for content in (
        whole[: len(whole) // 2],
        whole[: len(whole) // 512 // 3 * 512],
        whole[:place] + b"!" + whole[place + 1 :],
        b"",
        b"nonsense" * 1000,
    ):
        torn.write_bytes(content)
        with pytest.raises(InvalidInput):
            restoring.restore(torn, tmp_path / "home", upgrade)
        assert not (tmp_path / "home").exists()
    with pytest.raises(NotFound):
        verify(tmp_path / "none.tar")


def test_an_archive_cannot_write_outside_the_home(tmp_path: Path) -> None:
    for name in ("../evil", "/tmp/evil", "files/../../evil"):
        members = {name: [1, "x"]}
        assert not is_inside(next(iter(members)))
    with tarfile.open(tmp_path / "x.tar", "w"):
        pass
    with pytest.raises(InvalidInput, match="manifest"):
        restoring.restore(tmp_path / "x.tar", tmp_path / "home", upgrade)
