"""What is described well, but cannot be built yet."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.infra.deciding.origin import candidates
from shoal.infra.describing.attributes import BUILT, RESOURCES
from shoal.infra.describing.bundle import Bundle, Path
from shoal.infra.describing.inspection import Inspection
from shoal.infra.describing.sections import MANAGERS_BUILT
from shoal.infra.faults import refuse
from shoal.infra.model import Description

_LATER = "is planned here and built later"


def check_buildable(description: Description, bundle: Bundle | None = None) -> None:
    """Pass when there is a provider and a configuration manager for all that nodes may be made by.

    The bundle that it was made of lets faults name their lines.

    Raises:
        BadDescription: something comes later.
    """
    check = Inspection(bundle or Bundle(None, {}))
    for path, message, advice in dict.fromkeys(_later(description)):
        check.fault(path, message, advice)
    refuse(check.faults)


def _later(description: Description) -> Iterator[tuple[Path, str, str]]:
    built = ", ".join(kind for kind in RESOURCES if kind in BUILT)
    for node in description.nodes:
        for index in candidates(description, node):
            path: Path = ("definitions", node.type, index)
            one = description.definitions[node.type][index]
            if (provider := one.resource["type"]) not in BUILT:
                message = f"{provider} {_LATER}: node_def:{node.type} cannot be built with it yet."
                yield (*path, "resource", "type"), message, f"Built are: {built}."
            manager = (one.config_management or {}).get("type")
            if manager is not None and manager not in MANAGERS_BUILT:
                message = f"{manager} {_LATER}: node_def:{node.type} cannot be configured by it yet."
                yield (*path, "config_management", "type"), message, "Use ansible, or cloudinit alone."
    for index, edge in enumerate(description.edges):
        if any(one.get("synch") for one in edge.mappings):
            message = f"Waiting for an attribute (`synch`) of {edge.dependee} {_LATER}."
            yield (
                ("description", "dependencies", index),
                message,
                "Wait for a port of its health check.",
            )
