"""Templates of a description, read before anything is touched: names that nobody defines, for one."""

from __future__ import annotations

from shoal.infra.contexts.checking import wrong_in_implementation
from shoal.infra.deciding.levels import all_needed, needs
from shoal.infra.deciding.origin import candidates
from shoal.infra.describing.bundle import Path
from shoal.infra.describing.inspection import Inspection
from shoal.infra.model import Description
from shoal.infra.templating.check import Scope
from shoal.infra.templating.leaves import place


def check_templates(check: Inspection, found: Description, *, commands: bool) -> None:
    """Note what is wrong with the templates, and the modules, of all that nodes may be made by."""
    names = frozenset(node.name for node in found.nodes)
    needed = needs(found)
    told: set[tuple[Path, str]] = set()
    for node in found.nodes:
        scope = Scope(node.name, node.variables, names, all_needed(needed, node.name), commands=commands)
        for index in candidates(found, node):
            root: Path = ("definitions", node.type, index)
            for wrong in wrong_in_implementation(found.definitions[node.type][index], scope):
                path = (*root, *place(wrong.path))
                if (path, wrong.message) not in told:
                    told.add((path, wrong.message))
                    check.fault(path, wrong.message, wrong.advice, below=wrong.line - 1)
