"""The blueprint `slurm`, built of real containers: Slurm's own programs say what has become of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.blueprints import LONG, Built, changed_copy
from tests.support.containers import Containers, running_containers
from tests.support.debian import import_debian
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]
IMAGE = "debian-with-slurm"
PACKAGES = (
    *("ca-certificates", "iproute2", "iputils-ping", "procps", "mariadb-server"),
    *("munge", "slurmctld", "slurmd", "slurm-client", "slurmdbd"),
)


@dataclass(frozen=True)
class Cluster(Built):
    """A Slurm cluster of containers."""

    engine: Containers | None = None

    def docker(self, *words: object, check: bool = True) -> str:
        assert self.engine is not None
        return self.engine.run(*words, check=check)

    def master(self) -> str:
        """Return the master's container."""
        return self.docker("ps", "--quiet", "--no-trunc", "--filter=label=shoal.node=slurm-master")

    def on_master(self, line: str, *, check: bool = True) -> str:
        """Run a line in the master's shell and return what it prints."""
        return self.docker("exec", self.master(), "sh", "-c", line, check=check)

    def until_idle(self, count: int) -> None:
        """Wait until `sinfo` shows so many idle workers and no others."""

        def states() -> list[str]:
            return self.on_master("sinfo -h -N -o %T", check=False).split()

        wait_until(lambda: states() == ["idle"] * count, timeout=180, on_timeout=states)


@pytest.fixture
def engine() -> Iterator[Containers]:
    with running_containers() as running:
        import_debian(running, IMAGE, PACKAGES)
        yield running


@pytest.fixture
def cluster(engine: Containers, tmp_path: Path) -> Iterator[Cluster]:
    """Build a copy of the blueprint that says which engine and image to use."""
    instead = {
        "unix:///var/run/docker.sock": engine.socket,
        "origin: dockerhub": "origin: local",
        "image: debian": f"image: {IMAGE}",
        "tag: bookworm-slim": "tag: latest",
    }
    with running_server(tmp_path / "served", within=engine.within, infra={"interval": 2.0}) as server:
        built = Cluster(server, tmp_path, engine.within, engine)
        built.infra("build", changed_copy("slurm", tmp_path / "my-slurm", instead))
        yield built


# One test: its steps need one cluster, and to build it takes a minute.
def test_a_cluster_works_is_scaled_is_healed_and_leaves_nothing(cluster: Cluster) -> None:
    workers_are_idle_and_a_job_runs_on_all_of_them(cluster)
    accounts_are_kept(cluster)
    a_worker_that_is_added_runs_jobs(cluster)
    a_worker_that_leaves_is_taken_out(cluster)
    workers_follow_a_master_that_took_anothers_place(cluster)
    nothing_is_left_but_history(cluster)


def workers_are_idle_and_a_job_runs_on_all_of_them(cluster: Cluster) -> None:
    cluster.until_idle(2)
    assert re.search(r"^debug\* +up +infinite +2 +idle ", cluster.on_master("sinfo"), re.MULTILINE)
    job = cluster.on_master("cd /tmp && sbatch --parsable -N2 -o /dev/null --wrap 'srun hostname'")

    def told() -> list[str]:
        return cluster.on_master(f"sacct -n -X -j {job} -o state,nnodes").split()

    wait_until(lambda: told() == ["COMPLETED", "2"], timeout=120, on_timeout=told)


def accounts_are_kept(cluster: Cluster) -> None:
    shown = cluster.on_master("sacctmgr show account")
    assert re.search(r"^ *shoal +first +shoal *$", shown, re.MULTILINE), shown
    cluster.on_master("echo y | sacctmgr add account sztaki Description='Any departments'")
    shown = cluster.on_master("sacctmgr show account")
    assert re.search(r"^ *sztaki +any departments +", shown, re.MULTILINE), shown


def a_worker_that_is_added_runs_jobs(cluster: Cluster) -> None:
    cluster.infra("scale", "last", "slurm-worker", 3)
    cluster.until_idle(3)
    names = cluster.on_master("srun -N3 hostname").split()
    assert len(set(names)) == 3
    youngest = cluster.shown()["instances"][-1]["name"]
    assert cluster.on_master(f"srun -w {youngest} hostname") == youngest


def a_worker_that_leaves_is_taken_out(cluster: Cluster) -> None:
    youngest = cluster.shown()["instances"][-1]["name"]
    cluster.infra("scale", "last", "slurm-worker", 2)
    cluster.until_idle(2)
    assert youngest not in cluster.on_master("scontrol show nodes")


def workers_follow_a_master_that_took_anothers_place(cluster: Cluster) -> None:
    lost = cluster.master()
    cluster.docker("rm", "--force", "--volumes", lost)

    def is_healed() -> bool:
        return cluster.shown()["phase"] == "ready" and cluster.master() not in ("", lost)

    wait_until(is_healed, timeout=LONG, on_timeout=cluster.logs)
    cluster.until_idle(2)
    assert len(set(cluster.on_master("srun -N2 hostname").split())) == 2


def nothing_is_left_but_history(cluster: Cluster) -> None:
    cluster.infra("destroy", "last", "--yes")
    infra = "--filter=label=shoal.infra"
    assert cluster.docker("ps", "--all", "--quiet", infra) == ""
    assert cluster.docker("network", "ls", "--quiet", infra) == ""
    assert cluster.docker("volume", "ls", "--quiet") == ""
    shown = cluster.shown("--gone")
    assert shown["phase"] == "destroyed"
    assert {each["state"] for each in shown["instances"]} == {"dropped"}
    assert len(shown["instances"]) == 7  # three, one more, and three in the place of those of the old master
