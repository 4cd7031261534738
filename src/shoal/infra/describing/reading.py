"""Read descriptions and node definitions from files, with what they import from the folder they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shoal.base.pointers import pointer
from shoal.infra.describing.bundle import Bundle, Place
from shoal.infra.describing.bundle import Path as Where
from shoal.infra.faults import Fault, refuse
from shoal.infra.parsing.composing import Composer, Import, Written
from shoal.infra.parsing.imports import Imports

PREFIX = "node_def:"


def read_bundle(file: Path, *others: Path) -> Bundle:
    """Read a description, node definitions, or both, from one file or several.

    Imports are looked for below the folder of the file that is named here.

    Raises:
        BadDescription: a file cannot be read, or is no YAML, or imports what it may not.
    """
    faults: list[Fault] = []
    found = [Imports(one, faults).first() for one in (file, *others)]
    refuse(faults)
    return _bundle([document for document in found if document is not None])


def text_bundle(text: str, name: str) -> Bundle:
    """Return the bundle that one text holds; `name` is what faults call it. Imports are refused.

    Raises:
        BadDescription: it is no YAML, or it imports something.
    """
    faults: list[Fault] = []

    def refused(asked: Import) -> None:
        message = f"{asked.tag} cannot be followed here: the file is where you are."
        advice = "Use the command line, which sends the files along, or write the content in place."
        faults.append(Fault(message, advice, file=asked.file, line=asked.line))

    found = Composer(text, Import("", "", name, 1), faults, refused).document()
    if found is None and not faults:
        faults.append(Fault("There is nothing in it.", "Write a description.", file=name, line=1))
    refuse(faults)
    return _bundle([found] if found else [])


def _bundle(documents: Sequence[Written]) -> Bundle:
    """Put documents together: what begins with `node_def:` is a definition, the rest is the description."""
    faults: list[Fault] = []
    descriptions: list[Written] = []
    definitions: dict[str, Written] = {}
    for document in documents:
        if not isinstance(document.value, dict):
            faults.append(_at(document, "This is not a mapping.", "Begin with `infra_name:` or `node_def:`."))
            continue
        rest = dict(document.value)
        for key in [key for key in rest if key.startswith(PREFIX)]:
            name, value = key.removeprefix(PREFIX), rest.pop(key)
            if (first := definitions.setdefault(name, value)) is not value:
                faults.append(_at(value, f"{key} is there twice.", f"See {first.file}:{first.line}."))
        if rest or not document.value:
            descriptions.append(document._replace(value=_shortened(rest)))
    faults += [_at(one, "This is a second description.", "Give one at a time.") for one in descriptions[1:]]
    refuse(faults)
    return _flat(descriptions[0] if descriptions else None, definitions)


def _at(written: Written, message: str, advice: str) -> Fault:
    return Fault(message, advice, file=written.file, line=written.line)


def _shortened(description: dict[str, Written]) -> dict[str, Written]:
    """Put names where dependencies have aliases of whole nodes."""
    edges = description.get("dependencies")
    if edges is None or not isinstance(edges.value, list):
        return description
    return description | {"dependencies": edges._replace(value=[_edge(edge) for edge in edges.value])}


def _edge(edge: Written) -> Written:
    if isinstance(edge.value, dict) and "connection" in edge.value:
        return edge._replace(value=edge.value | {"connection": _edge(edge.value["connection"])})
    if isinstance(edge.value, list):
        return edge._replace(value=[_end(end) for end in edge.value])
    return edge


def _end(end: Written) -> Written:
    name = end.value.get("name") if isinstance(end.value, dict) else None
    return end if name is None else end._replace(value=name.value)


def _flat(description: Written | None, definitions: Mapping[str, Written]) -> Bundle:
    places: dict[str, Place] = {}

    def plain(written: Written, where: Where) -> Any:
        places[pointer(where)] = (written.file, written.line)
        if isinstance(written.value, dict):
            return {key: plain(value, (*where, key)) for key, value in written.value.items()}
        if isinstance(written.value, list):
            return [plain(value, (*where, index)) for index, value in enumerate(written.value)]
        return written.value

    described = None if description is None else plain(description, ("description",))
    defined = {name: plain(value, ("definitions", name)) for name, value in definitions.items()}
    return Bundle(described, defined, places)
