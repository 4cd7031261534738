"""Dependencies: which node needs which, no circles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from shoal.infra.describing.bundle import Path
from shoal.infra.describing.inspection import Inspection, shown
from shoal.infra.describing.sections import EDGE, MAPPING
from shoal.infra.faults import choice
from shoal.infra.model import Edge

_PAIR = "Write `- [worker, master]`: the first needs the second."


def edges(check: Inspection, given: Any, names: Sequence[str]) -> tuple[Edge, ...]:
    """Return the dependencies; faults are noted, also a circle."""
    path: Path = ("description", "dependencies")
    found: dict[tuple[str, str], Edge] = {}
    places: dict[tuple[str, str], Path] = {}
    for index, one in enumerate(given):
        if (edge := _edge(check, one, (*path, index), names)) is not None:
            pair = (edge.dependent, edge.dependee)
            before = found.get(pair)
            found[pair] = edge if before is None else Edge(*pair, before.mappings + edge.mappings)
            places.setdefault(pair, (*path, index))
    if circle := _circle(found):
        where = places[circle[0], circle[1]]
        message = f"The dependencies go in a circle: {' needs '.join(circle)}."
        check.fault(where, message, "Remove one of them: what is built first cannot need what comes later.")
    return tuple(found.values())


def _edge(check: Inspection, given: Any, path: Path, names: Sequence[str]) -> Edge | None:
    mappings: tuple[dict[str, Any], ...] = ()
    pair, where = given, path
    if isinstance(given, dict):
        found = check.keyed(given, path, EDGE, "The dependency", others=True)
        if "connection" not in found:
            return None
        pair, where = found["connection"], (*path, "connection")
        mappings = tuple(_mappings(check, found.get("mappings", ()), (*path, "mappings")))
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        what = f"{len(pair)} nodes" if isinstance(pair, list | tuple) else shown(pair)
        check.fault(where, f"A dependency is a pair of nodes, not {what}.", _PAIR)
        return None
    known = [_is_known(check, end, (*where, index), names) for index, end in enumerate(pair)]
    return Edge(str(pair[0]), str(pair[1]), mappings) if all(known) else None


def _is_known(check: Inspection, end: Any, path: Path, names: Sequence[str]) -> bool:
    if isinstance(end, str) and end in names:
        return True
    if isinstance(end, str):
        advice = choice(end, names) or "Write it below `nodes`."
        check.fault(path, f"There is no node {end[:80]!r}.", advice)
    else:
        check.fault(path, f"A dependency names a node; this is {shown(end)}.", _PAIR)
    return False


def _mappings(check: Inspection, given: Sequence[Any], path: Path) -> Iterable[dict[str, Any]]:
    for index, one in enumerate(given):
        here = (*path, index)
        found = {"attributes": one} if isinstance(one, list | tuple) else one
        kept = check.keyed(found, here, MAPPING, "The mapping", others=True)
        pair = kept.get("attributes")
        if pair is not None and (len(pair) != 2 or not all(isinstance(end, str) for end in pair)):
            check.fault(
                here, "A mapping is a pair of names of attributes.", "Write `- [source, destination]`."
            )
        yield {"synch": False} | kept


def _circle(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return the nodes of a circle, each needing the next, the first again at the end."""
    needed: dict[str, list[str]] = {}
    for dependent, dependee in pairs:
        needed.setdefault(dependent, []).append(dependee)
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        return list(error.args[1])[::-1]
    return []
