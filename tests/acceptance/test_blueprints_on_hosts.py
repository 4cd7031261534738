"""Every blueprint on machines that were there before: hosts of a lab, taken over SSH and given back clean."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.blueprints import LONG, Built, changed_copy
from tests.support.containers import Containers, running_containers
from tests.support.debian import import_debian
from tests.support.lab import PACKAGES, Lab, running_lab
from tests.support.server import running_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800)]
IMAGE = "debian-of-a-lab"
SLURM = ("mariadb-server", "munge", "slurmctld", "slurmd", "slurm-client", "slurmdbd")
# Debian's Python brings the libraries that ours needs.
SHOAL = ("postgresql", "python3", "libsqlite3-0", "curl")
OF_HOSTS = {"type: docker}": "type: hosts}"}


@dataclass(frozen=True)
class OnHosts(Built):
    """An infrastructure on hosts of a lab."""

    lab: Lab | None = None

    def host(self, node: str, number: int = 0) -> str:
        """Return the address of a node's machine."""
        return self.addresses(node)[number]

    def ssh(self, name: str, line: str) -> str:
        """Run a line in a machine by its infrastructure's own ssh configuration, and return what it says."""
        assert self.lab is not None
        config = self.folder / "ssh_config"
        config.write_text(self.infra("outputs", "last", "--output", "json").json["ssh_config"])
        known = f"-oUserKnownHostsFile={self.folder / 'known'}"
        words = [*self.within, "ssh", "-F", str(config), known, name, line]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def left(self) -> dict[str, str]:
        """Return what is still on each host of what was put there."""
        assert self.lab is not None
        looked = "ls -A ~lab/.shoal/claims /root/.shoal/claims /root/*.key /root/*.sh /srv/shoal 2>/dev/null"
        noted = "ls -d /var/lib/shoal-machine/*-*-*-*-* /etc/munge/munge.key 2>/dev/null"
        running = "ps -eo args= | grep -E 'slurm|munged|[s]hoal|[p]ostgres -D' | grep -v grep"
        lines = f"({looked}; {noted}; {running}) | grep -v 'claims:$' | grep ."
        found = {host.address: host.sh(lines, check=False) for host in self.lab.hosts}
        return {address: said for address, said in found.items() if said}


@pytest.fixture(scope="module")
def engine() -> Iterator[Containers]:
    with running_containers() as running:
        import_debian(running, IMAGE, (*PACKAGES, *SLURM, *SHOAL))
        yield running


@contextmanager
def on_hosts(engine: Containers, folder: Path, count: int) -> Iterator[OnHosts]:
    """Give a lab, and a server that builds there."""
    with ExitStack() as stack:
        lab = stack.enter_context(running_lab(engine, IMAGE, folder / "lab", count))
        served = running_server(folder / "served", within=engine.within, infra={"interval": 2.0})
        server = stack.enter_context(served)
        yield OnHosts(server, folder, engine.within, lab)


def described(built: OnHosts, name: str, user: str, hosts: Sequence[str], instead: dict[str, str]) -> Path:
    """Copy a blueprint and write into it what its README says about machines of one's own."""
    assert built.lab is not None
    description = changed_copy(name, built.folder / f"my-{name}", instead)
    nodes = description.parent / "nodes" / "node_definitions.yaml"
    known = f"\n      known_hosts: {built.lab.known_hosts()}"
    text = nodes.read_text().replace("user: root", f"user: {user}")
    text = text.replace("replace_with_the_path_of_your_key", f"{built.lab.key}{known}")
    nodes.write_text(re.sub(r"hosts: \[replace_with.*\]", f"hosts: [{', '.join(hosts)}]", text))
    return description


# One test: its steps need one cluster.
def test_slurm_runs_on_hosts_of_a_user_who_may_become_root(engine: Containers, tmp_path: Path) -> None:
    with on_hosts(engine, tmp_path, 4) as built:
        assert built.lab is not None
        *three, fourth = (host.address for host in built.lab.hosts)
        description = described(built, "slurm", "lab", three, OF_HOSTS)
        built.infra("build", description)
        slurm_works(built, 2)
        another_host_is_added_and_nothing_is_replaced(built, description, fourth)
        a_host_that_is_away_is_waited_for(built)
        one_that_leaves_is_given_back(built)
        built.infra("destroy", "last", "--yes")
        assert built.left() == {}
        the_same_hosts_may_be_taken_again(built, description)
        built.infra("destroy", "last", "--yes")
        assert built.left() == {}


def slurm_works(built: OnHosts, workers: int) -> None:
    def states() -> list[str]:
        return built.ssh("slurm-master-1", "sinfo -h -N -o %T").split()

    wait_until(lambda: states() == ["idle"] * workers, timeout=180, on_timeout=states)
    job = f"cd /tmp && sudo sbatch --parsable -N{workers} -o /dev/null --wrap 'srun hostname'"
    number = built.ssh("slurm-master-1", job)

    def told() -> list[str]:
        return built.ssh("slurm-master-1", f"sacct -n -X -j {number} -o state,nnodes").split()

    wait_until(lambda: told() == ["COMPLETED", str(workers)], timeout=120, on_timeout=told)
    assert "shoal" in built.ssh("slurm-master-1", "sacctmgr -nP show account format=account").split()


def another_host_is_added_and_nothing_is_replaced(built: OnHosts, description: Path, address: str) -> None:
    before = {each["id"] for each in built.shown()["instances"]}
    nodes = description.parent / "nodes" / "node_definitions.yaml"
    nodes.write_text(re.sub(r"(hosts: \[[^\]]*)\]", rf"\1, {address}]", nodes.read_text()))
    built.infra("build", description, "--id", "last", "--yes")
    assert {each["id"] for each in built.shown()["instances"]} == before
    built.infra("scale", "last", "slurm-worker", 3)
    assert {each["id"] for each in built.shown()["instances"]} > before
    slurm_works(built, 3)


def a_host_that_is_away_is_waited_for(built: OnHosts) -> None:
    assert built.lab is not None
    before = {each["id"] for each in built.shown()["instances"]}
    host = built.lab.at(built.host("slurm-worker"))
    host.stop()
    wait_until(lambda: "ailing" in states_of(built), timeout=120, on_timeout=built.shown)
    host.start()
    host.sh("service munge start; slurmd -Z --conf-server " + f"{built.host('slurm-master')}:6817")
    wait_until(lambda: states_of(built) == {"ready"}, timeout=120, on_timeout=built.shown)
    assert {each["id"] for each in built.shown()["instances"]} == before


def states_of(built: OnHosts) -> set[str]:
    return {each["state"] for each in built.shown()["instances"]}


def one_that_leaves_is_given_back(built: OnHosts) -> None:
    built.infra("scale", "last", "slurm-worker", 2)
    slurm_works(built, 2)
    assert built.lab is not None
    left = built.left()
    assert len(left) == 3, left


def the_same_hosts_may_be_taken_again(built: OnHosts, description: Path) -> None:
    """By another infrastructure, whose secrets are others."""
    built.infra("build", description)
    slurm_works(built, 2)


def installed(built: OnHosts, name: str, user: str, instead: dict[str, str]) -> Path:
    """Return a description for hosts that have Shoal."""
    assert built.lab is not None
    hosts = [host.address for host in built.lab.hosts]
    program = {"shoal: shoal": f"shoal: {Path(sys.executable).with_name('shoal')}"}
    return described(built, name, user, hosts, {**OF_HOSTS, **program, **instead})


def test_a_queue_runs_on_hosts(engine: Containers, tmp_path: Path) -> None:
    with on_hosts(engine, tmp_path, 3) as built:
        built.infra("build", installed(built, "cqueue", "root", {}))
        master = built.host("cqueue-master")
        posted = [post(built, master, f'{{"type":"local", "cmd":["echo", "{n}"]}}') for n in range(4)]
        for number, task in enumerate(posted):

            def is_done(task: str = task) -> bool:
                return "SUCCESS" in curl(built, f"http://{master}:8080/task/{task}")

            wait_until(is_done, timeout=LONG, on_timeout=built.logs)
            assert curl(built, f"http://{master}:8080/task/{task}/result") == f"{number}\n"
        built.infra("scale", "last", "cqueue-worker", 2)
        built.infra("scale", "last", "cqueue-worker", 1)
        listed = built.ssh("cqueue-worker-1", "sh /srv/shoal/shoal.sh node list --output quiet").split()
        assert len([name for name in listed if "cqueue-worker" in name]) == 1
        built.infra("destroy", "last", "--yes")
        assert built.left() == {}


def post(built: OnHosts, master: str, document: str) -> str:
    """Post a task by the documented line and return its id."""
    head = ("-H", "Content-Type: application/json", "-X", "POST", f"-d{document}")
    return str(httpx.Response(200, text=curl(built, *head, f"http://{master}:8080/task")).json()["id"])


def curl(built: OnHosts, *words: str) -> str:
    done = subprocess.run([*built.within, "curl", "-s", *words], capture_output=True, timeout=60, check=True)
    return done.stdout.decode()


def test_shoal_runs_on_hosts(engine: Containers, tmp_path: Path) -> None:
    with on_hosts(engine, tmp_path, 4) as built:
        built.infra("build", installed(built, "shoal", "lab", {}))
        said = built.ssh("shoal-worker-1", "sudo sh /srv/shoal/shoal.sh job run -- echo done")
        assert said.endswith("done")
        built.infra("scale", "last", "shoal-worker", 2)
        listed = built.ssh("shoal-worker-1", "sudo sh /srv/shoal/shoal.sh node list --output quiet").split()
        assert len([name for name in listed if "shoal-worker" in name]) == 2
        built.infra("destroy", "last", "--yes")
        assert built.left() == {}
