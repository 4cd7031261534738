from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src" / "shoal"


def bodies(source: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield body[-1].end_lineno - body[0].lineno + 1 if body[-1].end_lineno else 0


def test_no_file_is_over_400_lines() -> None:
    long = {
        str(path): lines
        for path in SOURCES.rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_bodies_are_short() -> None:
    lengths = sorted(length for path in SOURCES.rglob("*.py") for length in bodies(path))
    assert lengths[int(0.95 * len(lengths))] <= 35


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path) for path in SOURCES.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
