"""The compatibility page keeps its word: every row has a status, and the tests it names exist."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compatibility.md"
HEADER = ["What", "In Shoal", "Test"]
STATUS = re.compile(r"works(: .+)?|differs because .+|not yet(: .+)?")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
SYSTEMS = (
    "K-Means Service",
    "Cluserve, Clusauth and Clustore",
    "Jobserver",
    "CQueue",
    "pipeline-cluster",
    "Data Avenue",
    "Occopus",
)
TUTORIALS = ("Docker Swarm", "Kubernetes", "Slurm", "Data Avenue", "CQueue")


@dataclass(frozen=True)
class Row:
    """One line of a table, with where it stands."""

    line: int
    section: str
    cells: tuple[str, ...]


def split_cells(line: str) -> tuple[str, ...]:
    """Split a table line at its pipes, but not at escaped ones."""
    return tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def read_tables(text: str) -> list[list[Row]]:
    """Collect the tables of a page, header and rule included."""
    tables: list[list[Row]] = []
    section, inside = "", False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            tables.append([])
        inside = True
        tables[-1].append(Row(number, section, split_cells(line)))
    return tables


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Name the functions at the top of a module; nothing for a file that is not there."""
    if not path.is_file():
        return frozenset()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def table_faults(table: list[Row]) -> list[str]:
    """Say what is wrong with the shape of a table."""
    faults = [f"line {row.line}: {len(row.cells)} cells" for row in table if len(row.cells) != len(HEADER)]
    faults += [f"line {row.line}: an empty cell" for row in table if "" in row.cells]
    if list(table[0].cells) != HEADER:
        faults.append(f"line {table[0].line}: the header is not {HEADER}")
    if len(table) < 3 or set("".join(table[1].cells)) != {"-"}:
        faults.append(f"line {table[0].line}: no rule under the header, or no row")
    seen: set[str] = set()
    for row in table:
        if row.cells[0] in seen:
            faults.append(f"line {row.line}: the row is there twice")
        seen.add(row.cells[0])
    return faults


def row_faults(row: Row, root: Path) -> list[str]:
    """Say what is wrong with what a row claims."""
    status, tests = row.cells[1], row.cells[2]
    if not STATUS.fullmatch(status):
        return [f"line {row.line}: no valid status: {status}"]
    named = NAMED_TEST.findall(tests)
    if status.startswith("not yet"):
        return [] if tests == "-" else [f"line {row.line}: not yet, and still a test"]
    if not named or NAMED_TEST.sub("", tests).strip(" ,"):
        return [f"line {row.line}: the test column is not a list of `tests/file.py::test_name`"]
    return [
        f"line {row.line}: there is no {path}::{name}"
        for path, name in named
        if name not in functions_of(root / path)
    ]


def faults_of(text: str, root: Path) -> list[str]:
    """Say everything that is wrong with a page."""
    faults: list[str] = []
    for table in read_tables(text):
        shape = table_faults(table)
        faults += shape or [fault for row in table[2:] for fault in row_faults(row, root)]
    return faults


def page_with(row: str) -> str:
    return f"## A system\n\n| What | In Shoal | Test |\n| --- | --- | --- |\n{row}\n"


def test_every_row_has_a_status_and_names_tests_that_exist() -> None:
    assert faults_of(PAGE.read_text(encoding="utf-8"), ROOT) == []


def test_every_older_system_has_its_part() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(SYSTEMS)
    with_rows = {table[0].section for table in read_tables(text) if len(table) > 2}
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert set(headings) == with_rows
    assert len(headings) == len(set(headings))
    assert {f"Tutorial cluster: {name}" for name in TUTORIALS} <= with_rows


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| a | perhaps | - |", "no valid status"),
        ("| a | works | - |", "the test column"),
        ("| a | works | soon |", "the test column"),
        ("| a | works | `tests/docs/test_compatibility.py::test_of_nothing` |", "there is no"),
        ("| a | works | `tests/docs/test_nowhere.py::test_every_older_system_has_its_part` |", "there is no"),
        ("| a | differs because | - |", "no valid status"),
        ("| a | differs because it is new | - |", "the test column"),
        ("| a | not yet | `tests/docs/test_compatibility.py::page_with` |", "still a test"),
        ("| a | not yet |", "2 cells"),
        ("| a | not yet | |", "an empty cell"),
        ("| a | not yet | - |\n| a | not yet | - |", "twice"),
    ],
)
def test_a_row_that_claims_too_much_is_found(row: str, fault: str) -> None:
    faults = faults_of(page_with(row), ROOT)
    assert faults
    assert fault in faults[0]


def test_a_row_that_works_and_names_its_test_is_accepted() -> None:
    this = "`tests/docs/test_compatibility.py::test_every_older_system_has_its_part`"
    for status in ("works", "works: with more", "differs because it is new"):
        assert faults_of(page_with(f"| `a\\|b` | {status} | {this}, {this} |"), ROOT) == []
    assert faults_of(page_with("| a | not yet: next year | - |"), ROOT) == []
