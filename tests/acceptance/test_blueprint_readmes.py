"""Every blueprint: the lines of its README are run, and each of its ways to make machines is planned."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.infra.blueprints import catalogue
from shoal.infra.describing.descriptions import described
from shoal.infra.describing.reading import read_bundle
from shoal.infra.errors import BadDescription
from shoal.infra.model import Description
from tests.support.command import Ran, shoal
from tests.support.server import Served, running_server

NAMES = [each.name for each in catalogue.blueprints()]
PLACEHOLDER = re.compile(r"replace_with_\w+")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("readmes") / "home") as served:
        yield served


def run(line: str, folder: Path, server: Served) -> Ran:
    """Run a line that begins with `shoal`."""
    _, *words = shlex.split(line)
    return shoal(*words, home=folder / "home", cwd=folder, SHOAL_SERVER=server.url)


def readme(name: str) -> str:
    return (Path(catalogue.__file__).parent / name / "README.md").read_text()


def read(file: Path) -> Description:
    return described(read_bundle(file, file.parent / "nodes" / "node_definitions.yaml"), {})


def of_kind(name: str, folder: Path, kind: str) -> Path:
    """Copy a blueprint and choose another way to make all of its nodes."""
    description = catalogue.copy(name, folder)
    text = description.read_text()
    assert "type: docker}" in text
    description.write_text(text.replace("type: docker}", f"type: {kind}}}"))
    return description


@pytest.mark.parametrize("name", NAMES)
def test_the_first_lines_of_a_readme_copy_plan_and_build(name: str, server: Served, tmp_path: Path) -> None:
    copied, planned, built = re.findall(r"^    (shoal infra .*)", readme(name), re.MULTILINE)[:3]
    assert run(copied, tmp_path, server).code == 0
    plan = run(planned, tmp_path, server)
    assert plan.code == 2, plan.err
    assert built == planned.replace(" plan ", " build ")
    assert run(planned.replace(" plan ", " validate "), tmp_path, server).code == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_names_every_port_that_is_checked(name: str, tmp_path: Path) -> None:
    description = read(catalogue.copy(name, tmp_path / "it"))
    checked = {
        str(port) for all_ in description.definitions.values() for each in all_ for port in each.health.ports
    }
    assert checked
    assert checked <= set(re.findall(r"^\| TCP \| (\d+) \|", readme(name), re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_machines_of_ones_own_are_planned_once_they_are_named(name: str, tmp_path: Path) -> None:
    description = of_kind(name, tmp_path / "it", "hosts")
    with pytest.raises(BadDescription, match="replace_with_"):
        read(description)
    nodes = description.parent / "nodes" / "node_definitions.yaml"
    nodes.write_text(PLACEHOLDER.sub("10.0.0.1", nodes.read_text(), count=2))
    nodes.write_text(PLACEHOLDER.sub("10.0.0.2", nodes.read_text()))
    planned = read(description)
    assert {node.filter["type"] for node in planned.nodes} == {"hosts"}


@pytest.mark.parametrize("name", [name for name in NAMES if "type: process" in readme(name)])
def test_processes_are_planned(name: str, server: Served, tmp_path: Path) -> None:
    description = of_kind(name, tmp_path / "it", "process")
    plan = run(f"shoal infra plan {description}", tmp_path, server)
    assert plan.code == 2, plan.err
