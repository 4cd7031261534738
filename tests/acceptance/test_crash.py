"""kill -9 of a worker, of the house, and of everything, at every fault point of the durable core."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import shoal
from shoal.base.faults import registered
from tests.support import crash_program
from tests.support.crash import Fault, Program, faults, survive
from tests.support.postgres import Cluster, running_cluster

NAME = "tests.support.crash_program:main"
ROOMS = ("jobs", "storage", "migrations")
for room in ("jobs", "storage", "migrations"):
    for module in iter_modules([str(Path(shoal.__path__[0], room))]):
        import_module(f"shoal.{room}.{module.name}")
# What a job asks for, only the passes of infrastructures do: tests/acceptance/test_infra_crash.py.
POINTS = [name for name in registered() if name.partition(".")[0] in ROOMS and name != "jobs.ask"]
# The house alone, whose workers have to end by themselves, or (in storage.put) one worker alone.
ALONE = faults(["jobs.lease", "jobs.start", "jobs.finish", "storage.put"], ["process"])
ON_POSTGRES = ["jobs.lease", "jobs.finish", "storage.put"]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema."""
    from shoal.base.database import open_database
    from shoal.migrations import upgrade

    path = tmp_path_factory.mktemp("migrated") / "shoal.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


def test_the_program_ends_well_without_a_fault(tmp_path: Path, migrated: Path) -> None:
    url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'shoal.db')}"
    program = Program(NAME, tmp_path, url)
    assert program.run() == 0, program.output.read_text()
    crash_program.verify(tmp_path, url)


@pytest.mark.parametrize("fault", [*faults(POINTS, ["tree", "others"]), *ALONE], ids=str)
def test_killed_anywhere_everything_is_done_once(fault: Fault, tmp_path: Path, migrated: Path) -> None:
    if fault.point != "migrations.upgrade":
        shutil.copy(migrated, tmp_path / "shoal.db")
    url = f"sqlite:///{tmp_path / 'shoal.db'}"
    survive(Program(NAME, tmp_path, url), fault)
    crash_program.verify(tmp_path, url)


@pytest.mark.real
@pytest.mark.parametrize("fault", faults(ON_POSTGRES, ("tree", "others")), ids=str)
def test_killed_anywhere_on_postgresql_everything_is_done_once(
    fault: Fault, tmp_path: Path, cluster: Cluster
) -> None:
    url = cluster.clone()
    survive(Program(NAME, tmp_path, url), fault)
    crash_program.verify(tmp_path, url)
