"""What README and the how-tos tell people to type works, and prints what they say it prints."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import PENGUINS, ROOT
from tests.support.pages import RUN, Reader, blocks, made, masked, typed
from tests.support.server import Served, running_server

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_EXAMPLES = [page for page in PAGES if blocks(page)]
MOST_NOT_RUN = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("docs") / "home", workers=2) as served:
        yield served


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.stem)
def test_every_example_works(
    page: Path, server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").mkdir()
    shutil.copy(PENGUINS, tmp_path / "examples")
    shutil.copy(PENGUINS, tmp_path)
    monkeypatch.setenv("SHOAL_SERVER", server.url)
    reader = Reader(tmp_path, server.home, f"127.0.0.1:{server.port}")
    for block in blocks(page):
        if not block.reason:
            reader.follow(block)


def test_the_pages_with_examples_are_found() -> None:
    names = {page.stem for page in WITH_EXAMPLES}
    assert {"README", "find-groups", "python", "server", "operate"} <= names


def test_few_examples_are_not_run_and_each_says_why() -> None:
    reasons = [block.reason for page in PAGES for block in blocks(page) if block.reason]
    assert len(reasons) <= MOST_NOT_RUN
    assert all(len(reason.split()) >= 4 for reason in reasons)


def test_no_mark_stands_before_nothing() -> None:
    marks = sum(page.read_text(encoding="utf-8").count("<!-- not run:") for page in PAGES)
    assert marks == sum(bool(block.reason) for page in PAGES for block in blocks(page))


def test_every_fence_says_what_is_in_it() -> None:
    for page in PAGES:
        fences = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("```")]
        assert {fence for fence in fences[::2]} <= {f"```{name}" for name in (*RUN, "text")}, page
        assert set(fences[1::2]) <= {"```"}, page


def test_make_run_is_what_the_makefile_says() -> None:
    assert made("make run").startswith("shoal study run examples/penguins.csv")


def test_a_console_block_is_commands_and_what_they_print() -> None:
    assert list(typed("$ a b\none\ntwo\n$ c\n")) == [("a b", "one\ntwo\n"), ("c", "")]


def test_only_what_differs_from_run_to_run_is_masked() -> None:
    assert masked("Study 7rkfn6kryenj in 2.9 s, 340 MB ") == "Study ID in AMOUNT, AMOUNT"
    assert masked("full  -1261.7 on 2 workers") == "full  -1261.7 on WORKERS"
