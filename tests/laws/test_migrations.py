"""The schema is the sum of its migrations, on every database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

import shoal
from shoal.base.database import open_database
from shoal.base.errors import Conflict
from shoal.base.faults import fault_point
from shoal.base.schema import metadata
from shoal.migrations import snapshot, upgrading
from shoal.migrations.upgrading import upgrade

POSTGRES_ONLY = ("ix_jobs_extra",)
POINT = fault_point("tests.migrations", "A test changes the schema's revision.")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    url = request.getfixturevalue("cluster").empty()
    yield url
    request.getfixturevalue("cluster").drop(url)


def import_every_table() -> None:
    root = Path(shoal.__file__).parent
    for path in root.rglob("tables.py"):
        import_module(".".join(("shoal", *path.relative_to(root).with_suffix("").parts)))
    import_module("shoal.base.events")


def differences(conn: Connection) -> list[object]:
    # SQLite has no identities, which Alembic takes for a missing default.
    sqlite = conn.dialect.name == "sqlite"
    opts = {
        "compare_type": True,
        "compare_server_default": not sqlite,
        "include_object": lambda _, name, *__: not (sqlite and name in POSTGRES_ONLY),
    }
    context = MigrationContext.configure(conn, opts=opts)
    return list(compare_metadata(context, metadata))


def test_models_equal_the_sum_of_migrations(empty_url: str) -> None:
    import_every_table()
    database = open_database(empty_url)
    try:
        assert upgrade(database)
        assert database.read(differences) == []
        assert not upgrade(database)
    finally:
        database.close()


def test_the_schema_of_a_new_home_is_what_the_migrations_make(tmp_path: Path) -> None:
    walked, made = (open_database(f"sqlite:///{tmp_path}/{name}.db") for name in ("walked", "made"))
    try:
        walked.write(POINT, lambda conn: upgrading._run(conn, upgrading.newest()))
        assert made.write(POINT, snapshot.create), "run scripts/write_schema.py"
        assert walked.read(snapshot.written) == made.read(snapshot.written) == snapshot.FILE.read_text()
    finally:
        walked.close()
        made.close()


def test_a_database_from_the_future_is_refused(empty_url: str) -> None:
    database = open_database(empty_url)
    try:
        upgrade(database)
        database.write(POINT, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        with pytest.raises(Conflict, match="newer"):
            upgrade(database)
    finally:
        database.close()


def test_revisions_are_one_line() -> None:
    folder = upgrading.FOLDER / "versions"
    files = sorted(folder.glob("v*.py"))
    modules = [import_module(f"shoal.migrations.versions.{path.stem}") for path in files]
    assert [module.revision for module in modules] == upgrading.known()
    assert [module.down_revision for module in modules] == [None, *upgrading.known()[:-1]]


def test_two_servers_may_start_at_once(new_empty_handles: Callable[[], list[bool]]) -> None:
    assert sorted(new_empty_handles()) == [False, True]


@pytest.fixture
def new_empty_handles(empty_url: str) -> Callable[[], list[bool]]:
    def race() -> list[bool]:
        done: list[bool] = []

        def one() -> None:
            database = open_database(empty_url)
            try:
                done.append(upgrade(database))
            finally:
                database.close()

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done

    return race
