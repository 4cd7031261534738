"""Small descriptions of clusters, as files in a folder, with simulated machines unless one says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoal.client import Client
from shoal.infra.describing.reading import read_bundle

INFRA, NODES = "infra-demo.yaml", "nodes/node_definitions.yaml"
DESCRIPTION = """\
user_id: me
infra_name: demo
nodes:
  - &M
    name: front
    type: front_node
  - &W
    name: worker
    type: worker_node
    scaling: {min: LEAST, max: MOST}
    variables: {COLOUR: SHADE}
dependencies:
  - [*W, *M]
"""
DEFINITIONS = """\
'node_def:front_node':
  - resource:
      type: simulated
      price: 0.25
    health_check:
      ports: [8080]
      timeout: 60
'node_def:worker_node':
  - resource:
      type: simulated
      price: 0.1
    contextualisation:
      type: cloudinit
      context_template: |
        #cloud-config
        runcmd:
          - echo {{ variables.COLOUR }} {{ getip('front') }}
"""


def written(
    folder: Path,
    *,
    least: int = 2,
    most: int = 5,
    shade: str = "blue",
    instead: Mapping[str, str] | None = None,
) -> Path:
    """Write a description of a front and workers with their definitions, and return its path.

    `instead` has texts that are put in the place of others, in both files.
    """
    numbers = {"LEAST": str(least), "MOST": str(most), "SHADE": shade}
    for name, text in ((INFRA, DESCRIPTION), (NODES, DEFINITIONS)):
        for old, new in {**numbers, **(instead or {})}.items():
            text = text.replace(old, new)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / INFRA


def bundle(folder: Path) -> dict[str, Any]:
    """Return the description and the definitions that were written into a folder, as they are uploaded."""
    return read_bundle(folder / INFRA, folder / NODES).plain()


def imported(client: Client, folder: Path, **words: Any) -> None:
    """Write a description, and have the server keep its definitions."""
    written(folder, **words)
    client.infra.import_definitions(read_bundle(folder / NODES).plain())


def built(client: Client, folder: Path, *, attach: bool = True, **words: Any) -> str:
    """Write a description, build it, and return the id once all is ready."""
    written(folder, **words)
    return client.infra.build(bundle(folder), attach=attach).wait(timeout=120).id
