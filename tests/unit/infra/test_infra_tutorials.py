"""The five clusters of Occopus' tutorial: they import, are valid and are planned, in a simulated cloud."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shoal.infra.deciding.plan import Act, plan
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import definitions_of, described
from shoal.infra.describing.reading import read_bundle, text_bundle
from shoal.infra.errors import BadDescription
from shoal.infra.model import Description, Edge

FOLDER = Path(__file__).parents[2] / "support" / "tutorials"
KEY = "-----BEGIN RSA PRIVATE KEY-----"


class Cluster(NamedTuple):
    """What the tutorial says of a cluster: machines of each node, the later node first, and health ports."""

    file: str
    name: str
    nodes: Mapping[str, tuple[int, int]]
    ports: Mapping[str, tuple[int, ...]]
    cloud: str = "nova"


CLUSTERS = {
    "docker-swarm": Cluster(
        "infra-docker-swarm.yaml",
        "dockerswarm-infra",
        {"worker": (2, 2), "master": (1, 1)},
        {"master": (22, 2375)},
        "cloudsigma",
    ),
    "kubernetes-cluster": Cluster(
        "infra-kubernetes-cluster.yaml",
        "kubernetes-cluster",
        {"kubernetes-slave": (4, 10), "kubernetes-master": (1, 1)},
        {"kubernetes-master": (10250,)},
    ),
    "slurm-cluster": Cluster(
        "infra-slurm-cluster.yaml",
        "slurm-cluster",
        {"slurm-worker": (2, 10), "slurm-master": (1, 1)},
        {"slurm-master": (6819,)},
    ),
    "dataavenue-cluster": Cluster(
        "infra-dataavenue.yaml", "dataavenue-infra", {"storage": (1, 1), "dataaavenue": (1, 1)}, {}
    ),
    "cqueue-cluster": Cluster(
        "infra-cqueue-cluster.yaml",
        "cqueue-cluster",
        {"worker": (1, 10), "master": (1, 1)},
        {"master": (8080,)},
    ),
}
each_cluster = pytest.mark.parametrize("folder", CLUSTERS)


def imported(folder: str) -> dict[str, Any]:
    """Return the node definitions as `import` keeps them."""
    return definitions_of(bundle_of(read_bundle(FOLDER / folder / "nodes" / "node_definitions.yaml").plain()))


def validated(folder: str) -> Description:
    bundle = read_bundle(FOLDER / folder / CLUSTERS[folder].file)
    return described(bundle_of(bundle.plain()), imported(folder))


@each_cluster
def test_a_tutorial_imports_its_two_types(folder: str) -> None:
    assert len(imported(folder)) == 2


@each_cluster
def test_a_tutorial_is_valid_and_means_what_it_says(folder: str) -> None:
    cluster, found = CLUSTERS[folder], validated(folder)
    later, former = cluster.nodes
    assert found.name == cluster.name
    assert {node.name: (node.least, node.most) for node in found.nodes} == cluster.nodes
    assert found.edges == (Edge(later, former),)


@each_cluster
def test_a_tutorial_is_planned_level_by_level(folder: str) -> None:
    cluster = CLUSTERS[folder]
    made = plan(None, validated(folder), [], now=0)
    later, former = cluster.nodes
    assert made.levels == ((former,), (later,))
    assert dict(made.ports) == cluster.ports
    wanted = {name: least for name, (least, _) in cluster.nodes.items()}
    assert {name: sum(step.node == name for step in made.steps) for name in wanted} == wanted
    assert {step.act for step in made.steps} == {Act.CREATE}


@each_cluster
def test_the_definitions_are_valid_for_the_cloud_that_the_tutorial_uses(folder: str) -> None:
    for several in imported(folder).values():
        for one in several:
            one["resource"]["type"] = CLUSTERS[folder].cloud
            definitions_of(bundle_of({"definitions": {"a": [one]}}))


def snippet(indent: str, name: str, kind: str, least: int) -> str:
    """Return how the tutorial prints the change of a worker's number."""
    lines = [f"name: {name}", f"type: {kind}", "scaling:", f"    min: {least}"]
    return "- &W\n" + "".join(f"{indent}{line}\n" for line in lines)


PRINTED = {
    "docker-swarm": snippet("    ", "worker", "dockerswarm_worker_node", 2),
    "kubernetes-cluster": snippet("    ", "kubernetes-slave", "kubernetes_slave_node", 2),
    "slurm-cluster": snippet("    ", "slurm-worker", "slurm_worker_node", 2),
}
# Printed so that it is no YAML: `name` and `type` stand where the hyphen does.
BROKEN = "- &W\nname: cqueue-worker\ntype: cqueue-worker_node\n    scaling:\n        min: 1\n"


def with_snippet(folder: str, printed: str) -> str:
    """Return a tutorial's description with what is printed in the place of its worker."""
    text = (FOLDER / folder / CLUSTERS[folder].file).read_text()
    before, _, rest = text.partition("  - &W\n")
    after = rest.partition("\ndependencies:")[2]
    nodes = "".join(f"  {line}\n" for line in printed.splitlines())
    return f"{before.rstrip()}\n{nodes}\ndependencies:{after}"


@pytest.mark.parametrize("folder", PRINTED)
def test_a_snippet_as_printed_is_valid_and_planned(folder: str) -> None:
    found = described(text_bundle(with_snippet(folder, PRINTED[folder]), "it"), imported(folder))
    assert [(node.least, node.most) for node in found.nodes] == [(1, 1), (2, 2)]
    assert len(plan(None, found, [], now=0).steps) == 3


def test_the_snippet_that_is_printed_wrong_is_explained_and_works_when_corrected() -> None:
    text = with_snippet("cqueue-cluster", BROKEN)
    with pytest.raises(BadDescription) as raised:
        text_bundle(text, "it")
    [fault] = raised.value.details["faults"]
    assert text.splitlines()[fault["line"] - 1].strip() == "name: cqueue-worker"
    assert "Indent what belongs together alike" in fault["advice"]
    corrected = with_snippet("cqueue-cluster", snippet("    ", "cqueue-worker", "cqueue-worker_node", 1))
    definitions = imported("cqueue-cluster")
    definitions["cqueue-worker_node"] = definitions.pop("cqueue_worker_node")
    found = described(text_bundle(corrected, "it"), definitions)
    assert len(plan(None, found, [], now=0).steps) == 2


def test_the_walk_through_of_data_avenue_needs_two_storages() -> None:
    bundle = read_bundle(FOLDER / "dataavenue-cluster" / "infra-dataavenue.yaml").plain()
    bundle["description"]["nodes"][1]["scaling"] = {"min": 2, "max": 2}
    found = described(bundle_of(bundle), imported("dataavenue-cluster"))
    assert len(plan(None, found, [], now=0).steps) == 3


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("dataavenue-cluster", ["variables.access_key", "variables.secret_key"]),
        ("kubernetes-cluster", ["variables.private_key"]),
        ("slurm-cluster", []),
    ],
)
def test_a_plan_warns_of_secrets_in_a_description(folder: str, names: list[str]) -> None:
    warnings = plan(None, validated(folder), [], now=0).warnings
    assert [warning.split("`")[1] for warning in warnings] == names


def test_versions_that_look_like_shell_or_numbers_stay_what_they_are() -> None:
    swarm = validated("docker-swarm").nodes[0].variables
    assert swarm == {"DOCKER_VERSION": "5:20.10.2~3-0~ubuntu-$(lsb_release -cs)"}
    kubernetes = validated("kubernetes-cluster").nodes[0].variables
    assert kubernetes["docker_version"] == "5:19.03.15~3-0~ubuntu-bionic"
    assert str(kubernetes["private_key"]).startswith(KEY)


def test_a_misspelt_first_line_of_a_cloud_config_is_forgiven() -> None:
    definitions = imported("kubernetes-cluster")
    template = definitions["kubernetes_slave_node"][0]["contextualisation"]["context_template"]
    assert list(template) == ["write_files", "runcmd"]
