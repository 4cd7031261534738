"""YAML text into values that know their file and line; without Python objects, bombs or silent duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import yaml

from shoal.infra.faults import Fault
from shoal.infra.parsing.scalars import scalar
from shoal.infra.parsing.syntax import syntax_fault

DEPTH, WEIGHT = 64, 4 << 20
IMPORTS = ("!yaml_import", "!text_import")
CLOUD_CONFIG = "context_template"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCKS = ("|", ">")
# What no database keeps, and no shell: it would be another byte, or the text's end.
NUL, KEPT_OUT = "\0", "Write such bytes in base64, and let the machine decode them."
_CORE = "tag:yaml.org,2002:"
_KINDS = {
    yaml.ScalarEvent: {"str", "int", "float", "bool", "null"},
    yaml.MappingStartEvent: {"map"},
    yaml.SequenceStartEvent: {"seq"},
}


class Written(NamedTuple):
    """A value and where it was written: a scalar, a dict of texts to these, or a list of these.

    `weight` is its size with every alias written out, `height` how deeply it is nested.
    """

    value: Any
    file: str
    line: int
    weight: int = 16
    height: int = 1


class Import(NamedTuple):
    """A tag that asks for another file's content; `older` says that YAML 1.1 is to be read there."""

    tag: str
    url: str
    file: str
    line: int
    older: bool = False
    depth: int = 1


Resolve = Callable[[Import], Written | None]


class _Stop(Exception):
    """Reading on is of no use."""


class Composer:
    """Read one document. Faults are collected; what could not be read is left out."""

    def __init__(self, text: str, asked: Import, faults: list[Fault], resolve: Resolve) -> None:
        self._text, self._file, self._faults, self._resolve = text, asked.file, faults, resolve
        self._older, self._depth = int(asked.older), asked.depth
        self._anchors: dict[str, Written | None] = {}
        self._events: Iterator[Any] = iter(())

    def document(self) -> Written | None:
        """Return the document, None when it is empty or cannot be read."""
        try:
            self._events = iter(yaml.parse(self._text, Loader=_Loader))
            next(self._events)
            if isinstance(next(self._events), yaml.StreamEndEvent):
                return None
            found = self._value(next(self._events), self._depth)
            self._end()
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            self._faults.append(syntax_fault(error, self._text, self._file))
        except _Stop:
            pass
        else:
            return found
        return None

    def _end(self) -> None:
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fault(
                after,
                "A second document begins here.",
                "Write it into a file of its own.",
            )

    def _fault(self, event: Any, message: str, advice: str) -> None:
        self._faults.append(Fault(message, advice, file=self._file, line=event.start_mark.line + 1))

    def _value(self, event: Any, depth: int) -> Written:
        self._check_size(event, depth)
        if isinstance(event, yaml.AliasEvent):
            found = self._alias(event)
        else:
            if event.anchor:
                self._anchors[event.anchor] = None
            found = self._tagged(event, depth)
            if event.anchor:
                self._anchors[event.anchor] = found
        self._check_size(event, depth + found.height - 1, found.weight)
        return found

    def _check_size(self, event: Any, depth: int, weight: int = 0) -> None:
        """Pass when aliases and imports, written out, do not grow beyond what others can bear."""
        if depth > DEPTH:
            self._fault(event, f"This is nested deeper than {DEPTH} levels.", "Write it flatter.")
        elif weight > WEIGHT:
            message = f"With every alias and import written out, this is larger than {WEIGHT >> 20} MiB."
            self._fault(event, message, "Use fewer aliases.")
        else:
            return
        raise _Stop

    def _alias(self, event: Any) -> Written:
        found = self._anchors.get(event.anchor)
        if found is None and event.anchor in self._anchors:
            self._fault(event, f"*{event.anchor} stands inside of what it names.", "Name something complete.")
        elif found is None:
            self._fault(
                event,
                f"There is no &{event.anchor} above this *{event.anchor}.",
                f"Write `&{event.anchor}` before what it is to stand for, higher up in the same file.",
            )
        else:
            return found._replace(file=self._file, line=event.start_mark.line + 1)
        return self._written(event, None)

    def _written(self, event: Any, value: Any, weight: int = 16, height: int = 1) -> Written:
        return Written(value, self._file, event.start_mark.line + 1, weight, height)

    def _tagged(self, event: Any, depth: int) -> Written:
        tag = event.tag if event.tag not in (None, "!") else None
        kinds = _KINDS[type(event)]
        strange = tag is not None and tag not in IMPORTS and tag.removeprefix(_CORE) not in kinds
        if strange:
            self._fault(
                event,
                f"The tag {_short(event.tag.replace(_CORE, '!!'))} is not known here.",
                f"There are: {', '.join(IMPORTS)}.",
            )
        if isinstance(event, yaml.ScalarEvent):
            found = self._scalar(event, tag)
        elif isinstance(event, yaml.SequenceStartEvent):
            found = self._sequence(event, depth)
        else:
            found = self._mapping(event, depth)
        return self._import(event, found, depth) if tag in IMPORTS else found

    def _scalar(self, event: Any, tag: str | None) -> Written:
        text = event.value
        value = scalar(text, older=bool(self._older)) if event.implicit[0] and tag is None else text
        if tag and tag.removeprefix(_CORE) in ("int", "float", "bool", "null"):
            value = scalar(text, older=True)
        found = self._written(event, value, 16 + len(text))
        if NUL in text:
            self._fault(event, "This text holds a NUL.", KEPT_OUT)
        # The text of a block begins below the sign that says so.
        return found._replace(line=found.line + 1) if event.style in _BLOCKS else found

    def _sequence(self, event: Any, depth: int) -> Written:
        items: list[Written] = []
        while not isinstance(below := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(below, depth + 1))
        return self._branch(event, items, items)

    def _mapping(self, event: Any, depth: int) -> Written:
        values: dict[str, Written] = {}
        merged: dict[str, Written] = {}
        while not isinstance(below := next(self._events), yaml.MappingEndEvent):
            key = self._key(below, depth)
            self._older += key == CLOUD_CONFIG
            value = self._value(next(self._events), depth + 1)
            self._older -= key == CLOUD_CONFIG
            if key == "<<" and getattr(below, "implicit", (False,))[0]:
                merged = self._merged(below, value) | merged
            elif key in values:
                self._fault(
                    below,
                    f"`{_short(key)}` is written twice.",
                    f"Remove one; the first is in line {values[key].line}.",
                )
            elif key is not None:
                # What begins below its name is looked for at the name.
                here = value.file == self._file and not isinstance(value.value, str)
                values[key] = value._replace(line=below.start_mark.line + 1) if here else value
        whole = merged | values
        return self._branch(event, whole, [*whole.values()])

    def _branch(self, event: Any, value: Any, parts: Sequence[Written]) -> Written:
        keys = sum(16 + len(key) for key in value) if isinstance(value, dict) else 0
        weight = 16 + keys + sum(part.weight for part in parts)
        return self._written(event, value, weight, 1 + max((part.height for part in parts), default=0))

    def _key(self, event: Any, depth: int) -> str | None:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                self._anchors[event.anchor] = self._scalar(event, None)
            return str(event.value)
        found = self._value(event, depth + 1)
        if isinstance(found.value, str):
            return found.value
        self._fault(event, "A name before a `:` is not text.", 'Put a template into quotes: "{{ ... }}".')
        return None

    def _merged(self, event: Any, value: Written) -> dict[str, Written]:
        """Return what `<<` brings: of a list, the first mapping goes before the others."""
        parts = value.value if isinstance(value.value, list) else [value]
        found: dict[str, Written] = {}
        for part in reversed(parts):
            if not isinstance(part.value, dict):
                self._fault(event, "`<<` takes a mapping, or a list of mappings.", "Write `<<: *NAME`.")
                return {}
            found |= part.value
        return found

    def _import(self, event: Any, found: Written, depth: int) -> Written:
        match found.value:
            case {"url": Written(value=str(url)), **others} if not others:
                asked = Import(event.tag, url, self._file, found.line, bool(self._older), depth)
                return self._resolve(asked) or self._written(event, None)
        self._fault(event, f"`{event.tag}` has no `url`.", f"Write `{event.tag} {{url: file://NAME}}`.")
        return self._written(event, None)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
