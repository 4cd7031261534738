"""Commands, settings, error codes and fault points are all documented, and no link is broken."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from shoal.base.errors import ShoalError
from shoal.base.settings import NOT_SETTINGS, Settings
from shoal.cli.main import app
from shoal.live.errors import WORDS
from shoal.server.problems import TITLES
from tests.support.command import ROOT

REFERENCE = ROOT / "docs" / "reference"
SOURCES = ROOT / "src" / "shoal"
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Words beside an error code that say where it is read from.
NAMES_OF_FIELDS = {"code", "exit_code", "sqlite_errorcode"}
LINK = re.compile(r"\]\((?!\w+://)([^)#\s]*)(#[^)\s]*)?\)")


def text_of(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def codes_in(source: str) -> Iterator[str]:
    """Yield the error codes that a module writes: in its classes, and where it raises or answers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from (_text(key.value) for key in node.keywords if key.arg == "code")
        elif isinstance(node, ast.ClassDef):
            assigned = [each for each in node.body if isinstance(each, ast.Assign | ast.AnnAssign)]
            yield from (_text(each.value) for each in assigned if "code" in _targets(each))
        elif isinstance(node, ast.Assign) and {"code", "TITLES"} & set(_targets(node)):
            yield from (_text(each) for each in ast.walk(node.value) if isinstance(each, ast.Constant))


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def known_codes() -> set[str]:
    # A note of a study has a code too, which is no error's.
    sources = [path for path in SOURCES.rglob("*.py") if path.name not in ("notes.py", "selection.py")]
    found = {code for path in sources for code in codes_in(path.read_text(encoding="utf-8"))}
    plain = {code for code in found - NAMES_OF_FIELDS if re.fullmatch(r"[a-z]+(_[a-z]+)*", code)}
    return plain | set(WORDS)


def documented_codes() -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", text_of("errors.md"), re.MULTILINE))


def commands(command: object, path: str) -> Iterator[tuple[str, object]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, each in below.items():
        yield from commands(each, f"{path} {name}")


def settings(branch: type, prefix: str = "") -> Iterator[str]:
    for name, field in branch.model_fields.items():  # type: ignore[attr-defined]
        if hasattr(field.annotation, "model_fields"):
            yield from settings(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_written_pages_are_current() -> None:
    script = ROOT / "scripts" / "write_reference.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_and_option_is_on_the_page() -> None:
    page = text_of("cli.md")
    for path, command in commands(typer.main.get_command(app), "shoal"):
        assert f"\n## {path}\n" in page
        part = page.split(f"\n## {path}\n")[1].split("\n## ")[0]
        for option in command.params:  # type: ignore[attr-defined]
            if option.opts[0].startswith("--"):
                assert f"`{option.opts[0]}" in part, f"{path} {option.opts[0]}"


def test_every_setting_and_variable_is_on_the_page() -> None:
    page = text_of("settings.md")
    assert re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE) == list(settings(Settings))
    assert set(re.findall(r"^\| `(SHOAL_\w+)` \|", page, re.MULTILINE)) == NOT_SETTINGS


def test_every_fault_point_is_on_the_page() -> None:
    calls = [
        _text(node.args[0])
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fault_point"
    ]
    named = re.findall(r"^\| `([\w.]+)` \|", text_of("fault-points.md"), re.MULTILINE)
    assert named == sorted(calls)


def test_every_error_code_is_on_the_page_and_no_other() -> None:
    assert documented_codes() == known_codes()


def test_the_search_for_codes_sees_every_way_to_write_one() -> None:
    assert {"ragged_row", "no_such_file", "not_http", "invalid_parameter", "bad_request"} <= known_codes()
    assert set(TITLES.values()) <= known_codes()
    assert {kind.code for kind in _classes(ShoalError)} <= known_codes()
    assert set(codes_in("raise X('fact', code='odd_one')")) == {"odd_one"}
    assert set(codes_in("class X(ShoalError):\n    code = 'odd_one'")) == {"odd_one"}


def _classes(kind: type[ShoalError]) -> Iterator[type[ShoalError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _classes(below)


def anchors(page: Path) -> set[str]:
    """Return the places of a page that a link may name, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_inside_is_broken(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        assert not anchor or anchor[1:] in anchors(there), f"{target}{anchor}"
