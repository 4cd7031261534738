"""Studies from the command line on PostgreSQL: the same numbers, and nothing lost when a server dies."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from shoal.client import Client
from tests.support.command import PENGUINS, SHOAL, environment, shoal
from tests.support.postgres import Cluster
from tests.support.waiting import wait_until

pytestmark = pytest.mark.real
SMALL = ("--experiments", "2", "--max-k", "4", "--n-init", "2", "--output", "json")
LONG: dict[str, Any] = {"n_experiments": 10, "max_k": 10, "n_init": 20}
OF_THE_RUN = ("id", "seconds", "files")


@pytest.fixture
def secret(cluster: Cluster, tmp_path: Path) -> Iterator[str]:
    """Return `@FILE` with the address of a new database that has no schema yet."""
    url = cluster.empty()
    file = tmp_path / "database"
    file.write_text(url + "\n")
    yield f"@{file}"
    cluster.drop(url)


def numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in OF_THE_RUN}


def test_a_study_gives_the_same_numbers_as_on_sqlite(secret: str, tmp_path: Path) -> None:
    words = ("study", "run", PENGUINS, *SMALL)
    there = shoal(*words, "--database", secret, "--out", "there", home=tmp_path / "there-home", cwd=tmp_path)
    here = shoal(*words, "--out", "here", home=tmp_path / "here-home", cwd=tmp_path)
    assert there.code == 0, there.err
    assert numbers(there.json) == numbers(here.json)
    assert not (tmp_path / "there-home" / "shoal.db").exists()
    labels = [(tmp_path / where / "labels.csv").read_bytes() for where in ("there", "here")]
    assert labels[0] == labels[1]
    shown = shoal(
        "study", "show", "last", "--output", "json", "--database", secret,
        home=tmp_path / "there-home", cwd=tmp_path,
    ).json  # fmt: skip
    assert shown["best"] == there.json["best"]


def test_a_backup_of_one_database_is_put_back_into_another(
    secret: str, cluster: Cluster, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    on = ("--database", secret)
    ran = shoal("study", "run", PENGUINS, *SMALL, *on, home=home, cwd=tmp_path)
    assert shoal("backup", "b.tar.gz", *on, home=home, cwd=tmp_path).code == 0
    other = cluster.empty()
    (tmp_path / "other").write_text(other)
    into = ("--database", f"@{tmp_path / 'other'}")
    restored = shoal("restore", "b.tar.gz", *into, home=tmp_path / "new", cwd=tmp_path)
    assert restored.code == 0, restored.err
    shown = shoal(
        "study", "show", "last", "--output", "json", *into, home=tmp_path / "new", cwd=tmp_path
    ).json
    assert numbers(shown) == numbers(ran.json)
    cluster.drop(other)


def serve(secret: str, home: Path) -> subprocess.Popen[str]:
    words = ["serve", "--listen", "127.0.0.1:0", "--database", secret, "--workers", "2"]
    return subprocess.Popen(
        [SHOAL, *words],
        cwd=home.parent, env=environment(home), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("Shoal serves at "), line
    return line.split()[-1]


def test_a_server_killed_in_the_middle_completes_each_fit_once_after_its_restart(
    secret: str, cluster: Cluster, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with serve(secret, home) as first:
        with Client(address(first)) as client:
            study = client.studies.submit(client.datasets.add(PENGUINS).id, **LONG)
            wait_until(lambda: study.refresh().progress["done"] > 0)
            workers = psutil.Process(first.pid).children(recursive=True)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    assert study.progress["done"] < 600
    wait_until(lambda: not any(worker.is_running() for worker in workers))
    with serve(secret, home) as second:
        with Client(address(second)) as client:
            done = client.studies.get(study.id).wait(timeout=120)
            fits = done.fits()
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
    assert done.progress == {"done": 600, "failed": 0, "total": 600}
    assert sorted(fit["fit"] for fit in fits) == list(range(600))
    assert rows(cluster, secret) == [(600, 600)]
    assert not (home / "shoal.db").exists()


def rows(cluster: Cluster, secret: str) -> list[tuple[int, int]]:
    """Return how many fits are recorded, and how many different ones."""
    url = Path(secret.removeprefix("@")).read_text().strip().replace("+psycopg", "")
    with psycopg.connect(url) as conn:
        found = conn.execute("SELECT count(*), count(DISTINCT fit) FROM study_fits").fetchall()
    return [(int(one), int(other)) for one, other in found]
