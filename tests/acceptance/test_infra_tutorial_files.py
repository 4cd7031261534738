"""The tutorials' own steps, as they are printed: import the definitions, look at the plan, build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import shoal
from tests.support.occopus import occopus
from tests.support.server import Served, running_server

FOLDER = Path(__file__).parents[1] / "support" / "tutorials"
FILES = {
    "docker-swarm": ("infra-docker-swarm.yaml", 3, "dockerswarm_master_node, dockerswarm_worker_node"),
    "kubernetes-cluster": (
        "infra-kubernetes-cluster.yaml",
        5,
        "kubernetes_master_node, kubernetes_slave_node",
    ),
    "slurm-cluster": ("infra-slurm-cluster.yaml", 3, "slurm_master_node, slurm_worker_node"),
    "dataavenue-cluster": ("infra-dataavenue.yaml", 2, "dataaavenue_node, storage_node"),
    "cqueue-cluster": ("infra-cqueue-cluster.yaml", 2, "cqueue_master_node, cqueue_worker_node"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("tutorials") / "home") as served:
        yield served


@pytest.mark.parametrize("folder", FILES)
def test_a_tutorial_is_imported_and_planned_as_printed(server: Served, tmp_path: Path, folder: str) -> None:
    file, machines, types = FILES[folder]
    cwd = tmp_path / folder
    shutil.copytree(FOLDER / folder, cwd)
    imported = occopus("import", "nodes/node_definitions.yaml", url=server.url, cwd=cwd)
    assert (imported.code, imported.out) == (0, f"Successfully imported nodes: {types}\n")
    shutil.rmtree(cwd / "nodes")  # From here on the server's definitions count.
    planned = shoal(
        "infra", "plan", file, "--output", "json", home=cwd / "home", cwd=cwd, SHOAL_SERVER=server.url
    )
    assert planned.code == 2, planned.err
    assert [step["act"] for step in planned.json["steps"]] == ["create"] * machines


def test_a_tutorial_is_built_and_destroyed_as_printed(server: Served, tmp_path: Path) -> None:
    cwd = tmp_path / "swarm"
    shutil.copytree(FOLDER / "docker-swarm", cwd)
    assert occopus("import", "nodes/node_definitions.yaml", url=server.url, cwd=cwd).code == 0
    built = occopus("build", "infra-docker-swarm.yaml", url=server.url, cwd=cwd)
    assert built.code == 0, built.err
    lines = built.out.splitlines()
    assert [lines.count(f"{name}:") for name in ("master", "worker")] == [1, 1]
    assert occopus("destroy", "-i", lines[-1], url=server.url, cwd=cwd).code == 0
