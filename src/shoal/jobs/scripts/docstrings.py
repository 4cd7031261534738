"""What a docstring says: a summary, and a sentence for each parameter (Google, NumPy and Sphinx manners)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_GOOGLE = re.compile(r"(Params|(Keyword )?Arg(ument)?s|(Other )?Parameters):\s*$")
_NUMPY = re.compile(r"(Parameters|Other Parameters)\s*$")
_RULE = re.compile(r"-{3,}\s*$")
_SPHINX = re.compile(r":param\s+(?:[^:]*\s)?\*{0,2}(\w+):\s*(.*)")
_HEADING = re.compile(r"[A-Z][\w ]*:\s*$")
_NAMES = re.compile(r"\*{0,2}(\w+)(?:\s*,\s*\*{0,2}(\w+))*\s*(?:\([^)]*\))?")


@dataclass(frozen=True, slots=True)
class Docstring:
    """Hold the first paragraph as one line, the whole text, and each parameter's description."""

    summary: str = ""
    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read_docstring(function: object) -> Docstring:
    """Return what a function's docstring says; nothing for one without."""
    text = inspect.getdoc(function) or ""
    lines = text.splitlines()
    summary = " ".join(line.strip() for line in _first_paragraph(lines))
    return Docstring(summary, text, _google(lines) | _numpy(lines) | _sphinx(lines))


def _first_paragraph(lines: Sequence[str]) -> Iterable[str]:
    for line in lines:
        if not line.strip():
            return
        yield line


def _google(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start, line in enumerate(lines):
        if _GOOGLE.match(line.strip()):
            block = _below(lines[start + 1 :], _indent(line))
            found |= _entries(block, lambda head: head.partition(":"))
    return found


def _numpy(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for start, (line, rule) in enumerate(pairwise(lines)):
        if _NUMPY.match(line.strip()) and _RULE.match(rule.strip()):
            block = _until_rule(lines[start + 2 :])
            found |= _entries(block, lambda head: (head.partition(":")[0], ":", ""))
    return found


def _sphinx(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in map(str.strip, lines):
        if match := _SPHINX.match(line):
            name = match[1]
            found[name] = match[2]
        elif name and line and not line.startswith(":"):
            found[name] = f"{found[name]} {line}".strip()
        else:
            name = ""
    return found


def _below(lines: Sequence[str], indent: int) -> list[str]:
    """Return the lines that belong to a heading: indented deeper, up to the next that is not."""
    block: list[str] = []
    for line in lines:
        if line.strip() and (_indent(line) <= indent or _HEADING.fullmatch(line)):
            break
        block.append(line)
    return block


def _until_rule(lines: Sequence[str]) -> list[str]:
    ends = (i for i, line in enumerate(lines) if _RULE.match(line.strip()))
    return list(lines[: max(0, next(ends, len(lines) + 1) - 1)])


def _entries(block: Sequence[str], split: Callable[[str], tuple[str, str, str]]) -> dict[str, str]:
    """Return the description of each name: heads stand at the block's own indent, what is deeper goes on."""
    found: dict[str, str] = {}
    names: list[str] = []
    indent = min((_indent(line) for line in block if line.strip()), default=0)
    for line in filter(str.strip, block):
        if _indent(line) > indent:
            said = line.strip()
        else:
            head, _, said = split(line.strip())
            names = re.findall(r"\w+", head.partition("(")[0]) if _NAMES.fullmatch(head.strip()) else []
        for name in names:
            found[name] = f"{found.get(name, '')} {said.strip()}".strip()
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
