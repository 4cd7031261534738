"""Names in a template, with what is looked up below them: `variables.a.b`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import nodes

_GUARDS = ("defined", "undefined")
_DEFAULTS = ("default", "d")


class Chain(NamedTuple):
    """A name and the keys after it, as far as they are known; `called` when it is called as a function."""

    path: tuple[str, ...]
    line: int
    called: bool = False


def chains(tree: nodes.Node) -> Iterator[Chain]:
    """Yield every chain that is read, each as long as it goes."""
    for node in tree.iter_child_nodes():
        called = isinstance(node, nodes.Call)
        found = _path(node.node if isinstance(node, nodes.Call) else node)
        if found is not None and not _is_written(node):
            yield Chain(found, node.lineno, called)
            yield from _arguments(node)
        else:
            yield from chains(node)


def guarded(tree: nodes.Node) -> frozenset[tuple[str, ...]]:
    """Return the chains that may lead to nothing: they are tested, or have a default."""
    tests = (each.node for each in tree.find_all(nodes.Test) if each.name in _GUARDS)
    defaults = (each.node for each in tree.find_all(nodes.Filter) if each.name in _DEFAULTS)
    found = (_path(node) for node in (*tests, *defaults) if node is not None)
    return frozenset(path for path in found if path is not None)


def dashed(node: nodes.Node) -> str | None:
    """Return what a subtraction of names would be as one name, None for anything else."""
    if isinstance(node, nodes.Sub):
        left, right = dashed(node.left), dashed(node.right)
        return f"{left}-{right}" if left is not None and right is not None else None
    if isinstance(node, nodes.Name):
        return node.name
    return str(node.value) if isinstance(node, nodes.Const) and isinstance(node.value, int) else None


def shown(path: tuple[str, ...]) -> str:
    """Return a chain as people write it."""
    return ".".join(path)


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before = _path(node.node)
        return (*before, node.attr) if before is not None else None
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
        before = _path(node.node)
        return (*before, node.arg.value) if before is not None else None
    return None


def _is_written(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.ctx != "load"


def _arguments(node: nodes.Node) -> Iterator[Chain]:
    if isinstance(node, nodes.Call):
        for argument in (*node.args, *node.kwargs):
            yield from chains(nodes.Output([argument]))
