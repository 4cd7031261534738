"""Filling in templates from a process that no template can hurt."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from shoal.infra.errors import BadTemplate
from shoal.infra.faults import MOST, Fault
from shoal.infra.secrets import Secrets
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.filler import Filler
from shoal.infra.templating.leaves import KeyTwice, Path, is_template, leaves, replaced, shown

Saw = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A tree with its templates filled in, and the instances of other nodes that they used."""

    value: Any
    saw: Saw = field(default_factory=dict)


class Renderer:
    """Fill in templates; threads may share it, and it takes them in turn.

    A template that takes too much time or memory ends with an error, and those after it go on.

    Args:
        secrets: where templates get the secrets of their infrastructure; None: they may not ask for any.
        commands: whether templates may call `cmd`.
    """

    def __init__(self, secrets: Secrets | None = None, *, commands: bool = False) -> None:
        self._filler = Filler(secrets, commands)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._filler.end()

    def render(self, value: Any, facts: Facts, section: str = "") -> Any:
        """Return a JSON tree with every string filled in; see `rendered`."""
        return self.rendered(value, facts, section).value

    def rendered(self, value: Any, facts: Facts, section: str = "", *, values: bool = False) -> Rendered:
        """Return a JSON tree with every string filled in, keys of mappings too; the rest is left as it is.

        Args:
            value: the tree.
            facts: what its templates may use.
            section: what the tree is, for messages.
            values: a string that is one `{{ expression }}` becomes its value: a number, a list, a mapping.

        Raises:
            BadTemplate: some cannot be filled in; the error has them all.
        """
        found = {path: text for path, text in leaves(value) if is_template(text)}
        if not found:
            return Rendered(value)
        filled: dict[Path, Any] = {}
        faults: list[Fault] = []
        saw: Saw = {}
        with self._lock:
            answers = self._filler.answers(list(found.values()), facts, values)
            for answer, path in zip(answers, found, strict=False):  # In this order, so that answers end.
                if "fault" in answer:
                    faults.append(Fault(**answer["fault"], pointer=f"{section}{shown(path)}"))
                filled[path] = answer.get("value", "")
                merge(saw, answer.get("saw", {}))
        try:
            tree = replaced(value, lambda path, text: filled.get(path, text))
        except KeyTwice as error:
            message = f"Two keys become {error.name[:60]!r}, filled in."
            faults.append(Fault(message, "Write keys that stay different.", f"{section}{shown(error.path)}"))
        if faults:
            raise bad_template(faults)
        return Rendered(tree, saw)


def merge(into: Saw, more: Mapping[str, Sequence[str]]) -> None:
    """Add the instances that a template used to those known, each once."""
    for node, ids in more.items():
        into[node] = list(dict.fromkeys([*into.get(node, []), *ids]))


def bad_template(faults: Sequence[Fault]) -> BadTemplate:
    """Return the error that says which templates cannot be filled in."""
    first, others = faults[0], len(faults) - 1
    more = f" {others} more {'is' if others == 1 else 'are'} wrong, too." if others else ""
    place = f"{first.pointer}: " if first.pointer else ""
    shown = [fault._asdict() for fault in faults[:MOST]]
    return BadTemplate(f"{place}{first.message}", hint=f"{first.advice}{more}".strip(), faults=shown)
