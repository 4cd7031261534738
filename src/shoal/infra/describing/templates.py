"""Templates of a description, read before anything is touched: names that nobody defines, for one."""

from __future__ import annotations

from shoal.infra.contexts.checking import wrong_in_implementation
from shoal.infra.deciding.levels import all_needed, needs
from shoal.infra.deciding.origin import candidates
from shoal.infra.describing.bundle import Path
from shoal.infra.describing.inspection import Inspection
from shoal.infra.model import Description, Implementation
from shoal.infra.templating.check import Scope
from shoal.infra.templating.leaves import expressed, place

# Characters of expressions, which take their time to read: of one implementation, and of those of all nodes,
# for each has names of its own.
_LONGEST, _MOST = 100_000, 1_000_000


def check_templates(check: Inspection, found: Description, *, commands: bool) -> None:
    """Note what is wrong with the templates, and the modules, of all that nodes may be made by."""
    names = frozenset(node.name for node in found.nodes)
    needed = needs(found)
    told: set[tuple[Path, str]] = set()
    left, lengths = _MOST, dict[Path, int]()
    for node in found.nodes:
        scope = Scope(node.name, node.variables, names, all_needed(needed, node.name), commands=commands)
        for index in candidates(found, node):
            root: Path = ("definitions", node.type, index)
            if root not in lengths:
                lengths[root] = _length(found.definitions[node.type][index])
            left -= lengths[root]
            if lengths[root] > _LONGEST or left < 0:
                message = "The expressions in these templates are too long to be checked."
                check.fault(root, message, "Make them shorter, and what is long a variable.")
                return
            for wrong in wrong_in_implementation(found.definitions[node.type][index], scope):
                path = (*root, *place(wrong.path))
                if (path, wrong.message) not in told:
                    told.add((path, wrong.message))
                    check.fault(path, wrong.message, wrong.advice, below=wrong.line - 1)


def _length(made: Implementation) -> int:
    health = [*made.health.urls, *(one.password for one in made.health.mysqldbs)]
    return expressed(
        [made.resource, made.contextualisation, made.config_management, made.drain, made.publish, health]
    )
