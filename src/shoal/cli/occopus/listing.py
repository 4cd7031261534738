"""The list of nodes that Occopus' programs close with, and what happened, as their log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shoal.cli.occopus.program import log

if TYPE_CHECKING:
    from shoal.client.infrastructure import Infrastructure

HEAD = "List of nodes/ip addresses:"
Facts = Mapping[str, Any]


def node_list(order: Sequence[str], instances: Sequence[Facts], chosen: str = "") -> Iterator[str]:
    """Yield the list: a node's name, then `ADDRESS (NODE-ID)` for each of its machines.

    Args:
        order: the names of the nodes.
        instances: the machines.
        chosen: only nodes whose name holds this.
    """
    yield HEAD
    for name in order:
        if chosen in name:
            yield f"{name}:"
            of_node = [each for each in instances if each["node"] == name]
            yield from (f"    {first_address(each)} ({each['id']})" for each in of_node)


def report_lines(order: Sequence[str], instances: Sequence[Facts], chosen: str = "") -> Iterator[str]:
    """Yield a line for each machine with its addresses and no name, as programs read it."""
    for name in order:
        of_node = [each for each in instances if each["node"] == name and chosen in name]
        yield from (" ".join(each["addresses"]) for each in of_node)


def first_address(instance: Facts) -> str:
    """Return a machine's first address, `-` while it has none."""
    return str(instance["addresses"][0]) if instance["addresses"] else "-"


def order_of(infra: Infrastructure) -> list[str]:
    """Return the names of the nodes in the order in which they are built."""
    return [name for level in infra.facts["levels"] for name in level]


class Log:
    """Log what happens in an infrastructure; call it whenever it may have changed."""

    def __init__(self, after: int = 0) -> None:
        self._after = after

    def __call__(self, infra: Infrastructure) -> None:
        """Log what is new."""
        for each in infra.events(after=self._after):
            self._after = each["seq"]
            words = [each["kind"], each["node"], each["instance"], *_detail(each["detail"])]
            log(" ".join(str(word) for word in words if word))

    def pass_over(self, infra: Infrastructure) -> None:
        """Leave out what has happened so far."""
        self._after = max((each["seq"] for each in infra.events(after=self._after)), default=self._after)


def _detail(detail: Facts) -> list[str]:
    return [f"{name}={value}" for name, value in detail.items() if value not in (None, "", [], {})]
