"""Databases for every ring: a law runs on each kind of database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shoal.base.database import Database, open_database
from shoal.migrations import upgrade
from tests.support.postgres import Cluster, running_cluster
from tests.support.store import Store


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the newest schema and nothing in it; closing has folded its log into it."""
    path = tmp_path_factory.mktemp("template") / "shoal.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Make addresses of databases that have the newest schema and nothing in them."""
    made: list[str] = []

    def make() -> str:
        if request.param == "sqlite":
            path = tmp_path / f"{len(made)}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            url = f"sqlite:///{path}"
        else:
            url = request.getfixturevalue("cluster").clone()
        made.append(url)
        return url

    yield make
    if request.param == "postgresql":
        for url in made:
            request.getfixturevalue("cluster").drop(url)


@pytest.fixture
def database(new_database_url: Callable[[], str]) -> Iterator[Database]:
    opened = open_database(new_database_url())
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
