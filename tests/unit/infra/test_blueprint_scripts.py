"""Every script of a blueprint is one that a shell can read, whichever way its machine is made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoal.infra.blueprints import catalogue
from shoal.infra.contexts.contextualising import contextualised
from shoal.infra.describing.descriptions import described
from shoal.infra.describing.reading import read_bundle
from shoal.infra.model import Description, Implementation, Instance, Node
from shoal.infra.secrets import Secrets
from shoal.infra.states import State
from shoal.infra.templating.facts import facts_for
from shoal.infra.templating.renderer import Renderer


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    with Renderer(Secrets(tmp_path_factory.mktemp("secrets"))) as made:
        yield made


def machines(description: Description) -> Iterator[tuple[Node, Implementation]]:
    """Yield every way to make a machine of every node."""
    for node in description.nodes:
        for each in description.definitions[node.type]:
            yield node, each


def ready(node: str) -> Instance:
    return Instance(
        node, "infra", node, 1, State.READY, "process", 0, {}, "", f"a-{node}", addresses=("10.0.0.9",)
    )


def parsed(script: str) -> None:
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, f"{done.stderr}\n{script}"


@pytest.mark.parametrize("name", [each.name for each in catalogue.blueprints()])
def test_scripts_are_read_by_a_shell(name: str, renderer: Renderer, tmp_path: Path) -> None:
    file = catalogue.copy(name, tmp_path / name)
    description = described(read_bundle(file, file.parent / "nodes" / "node_definitions.yaml"), {})
    there = [ready(node.name) for node in description.nodes]
    for node, made in machines(description):
        facts = facts_for("infra", description, made, ready(node.name), there)
        whole = contextualised(made, facts, renderer)
        parsed(whole.script)
        parsed(whole.drain)
        parsed(str(whole.resource.get("release", "")))
        template = made.contextualisation["context_template"]
        filled = renderer.rendered(template, facts.knowing(resource=whole.resource), "it").value
        for each in filled["write_files"]:
            if each["path"].endswith(".sh"):
                parsed(each["content"])
