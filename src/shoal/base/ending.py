"""Conditions of a caller's own on which a run ends: comparisons of figures, joined by `and` and `or`.

As text, `iterations >= 100 and settled or rows >= 5000`; in Python, `(iterations >= 100) & settled | (rows
>= 5000)`. A text is read by Python's own parser, and nothing of it is ever run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from shoal.base.errors import InvalidInput

# What a run has: iterations that counted, rows pushed to it, clusters now, and whether another iteration
# over the same rows would change nothing (0 or 1).
FIGURES = ("iterations", "rows", "clusters", "settled")
LONGEST = 500
_COMPARED: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.GtE: operator.ge, ast.Gt: operator.gt, ast.LtE: operator.le, ast.Lt: operator.lt, ast.Eq: operator.eq,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """A condition as text; `&` and `|` join two.

    >>> str((iterations >= 100) & settled | (rows > 5000))
    '((iterations >= 100) and (settled)) or (rows > 5000)'
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def __and__(self, other: Ending) -> Ending:
        return Ending(f"({self}) and ({other})")

    def __or__(self, other: Ending) -> Ending:
        return Ending(f"({self}) or ({other})")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a run that can be compared with a number."""

    name: str

    def __ge__(self, number: float) -> Ending:
        return Ending(f"{self.name} >= {number}")

    def __gt__(self, number: float) -> Ending:
        return Ending(f"{self.name} > {number}")

    def __le__(self, number: float) -> Ending:
        return Ending(f"{self.name} <= {number}")

    def __lt__(self, number: float) -> Ending:
        return Ending(f"{self.name} < {number}")


iterations, rows, clusters = Figure("iterations"), Figure("rows"), Figure("clusters")
settled = Ending("settled")


class Judge:
    """A condition that was read and can be asked again and again.

    Raises:
        InvalidInput: the text is no such condition.
    """

    def __init__(self, text: str) -> None:
        self._tree = _read(text)
        self.figures = frozenset(node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name))

    def met(self, figures: Mapping[str, float]) -> bool:
        """Say whether a run with these figures is over."""
        return _met(self._tree, figures)

    def milestones(self, figure: str) -> Iterator[float]:
        """Yield the numbers that a figure is compared with."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == figure:
                yield _number(node.comparators[0])


def _read(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise _wrong(f"is longer than {LONGEST} signs")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _wrong("cannot be read") from error
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check(part)
    elif isinstance(node, ast.Compare):
        if len(node.ops) > 1 or type(node.ops[0]) not in _COMPARED or not isinstance(node.left, ast.Name):
            raise _wrong("compares a figure with a number, by >=, >, <=, < or ==")
        _check(node.left)
        _number(node.comparators[0])
    elif not isinstance(node, ast.Name):
        raise _wrong("has figures, comparisons, and, or, and brackets only")
    elif node.id not in FIGURES:
        raise _wrong(f"knows no {node.id[:40]!r}")


def _number(node: ast.expr) -> float:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(min(value, 1e308))
    raise _wrong("compares a figure with a number")


def _met(node: ast.expr, figures: Mapping[str, float]) -> bool:
    if isinstance(node, ast.BoolOp):
        judged = (_met(part, figures) for part in node.values)
        return all(judged) if isinstance(node.op, ast.And) else any(judged)
    if isinstance(node, ast.Compare):
        left = figures[node.left.id]  # type: ignore[attr-defined]  # `_check` saw to it
        return _COMPARED[type(node.ops[0])](left, _number(node.comparators[0]))
    return bool(figures[node.id])  # type: ignore[attr-defined]


def _wrong(what: str) -> InvalidInput:
    return InvalidInput(
        f"This condition {what}.",
        hint=f"Like `iterations >= 100 and settled`. Figures: {', '.join(FIGURES)}.",
    )
