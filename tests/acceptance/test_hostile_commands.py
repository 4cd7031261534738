"""Hostile files on the command line: a result, or one sentence; never a traceback, never a leftover."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from shoal.cli.main import run
from tests.support.command import shoal
from tests.support.hostile import CASES, Case
from tests.support.server import Served, running_server

SMALL = ("--experiments", "1", "--max-k", "3", "--n-init", "1", "--output", "json")
# A limit of expanded bytes is a setting: these run with a server of their own.
ALONE = [name for name, case in CASES.items() if case.limit is not None]


def names(outcome: str) -> list[str]:
    return [name for name, case in CASES.items() if case.study == outcome and case.limit is None]


@dataclass(frozen=True)
class Told:
    """What a command said and left in its folder."""

    code: int
    out: str
    err: str
    made: list[str]

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


@dataclass(frozen=True)
class Kept:
    """What a home holds."""

    files: frozenset[str]
    datasets: tuple[str, ...]
    studies: tuple[str, ...]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("hostile") / "home", workers=2) as server:
        yield server


def files_in(home: Path) -> frozenset[str]:
    folders = (home / "files", home / "run" / "spool")
    return frozenset(str(path) for folder in folders for path in folder.rglob("*") if path.is_file())


def kept(served: Served) -> Kept:
    with served.http() as http:
        found = [http.get(f"/api/v1/{what}?limit=1000").json() for what in ("datasets", "studies")]
    ids = [tuple(one["id"] for one in part) for part in (found[0]["datasets"], found[1]["studies"])]
    return Kept(files_in(served.home), *ids)


def study(case: Case, served: Served, capsys: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Told:
    (folder / case.file).write_bytes(case.content)
    for name in [name for name in os.environ if name.startswith("SHOAL_") and name != "SHOAL_CACHE_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    capsys.readouterr()
    code = run(["study", "run", case.file, *SMALL, "--home", str(served.home)])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return Told(code, out, err, sorted(path.name for path in folder.iterdir() if path.name != case.file))


def labels_in(path: Path) -> list[list[str]]:
    """Return the rows of labels.csv; their separator is the file's own."""
    text = path.read_bytes().decode()
    header = text.partition("Label\n")[0]
    csv.field_size_limit(len(text))
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=header[-1]))[1:]


def check_refusal(told: Told, case: Case) -> None:
    assert told.code == 1, told.err
    assert told.out == ""
    assert len(told.errors) == 1, told.err
    assert case.expected == "ok" or case.phrase in " ".join(told.err.split())
    assert told.made == []


@pytest.mark.parametrize("name", names("error"))
def test_a_refusal_is_one_sentence_and_leaves_nothing(
    name: str, served: Served, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(served)
    check_refusal(study(CASES[name], served, capsys, monkeypatch, tmp_path), CASES[name])
    assert kept(served) == before


@pytest.mark.parametrize("name", names("ok"))
def test_a_result_is_one_object_and_has_every_row(
    name: str, served: Served, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    told = study(case, served, capsys, monkeypatch, tmp_path)
    assert told.code == 0, told.err
    assert told.errors == []
    assert " ".join(case.phrase.split()) in " ".join(told.err.split())
    found = orjson.loads(told.out)
    assert found["failed"] == 0
    with served.http() as http:
        dataset = http.get(f"/api/v1/studies/{found['id']}").json()["dataset"]
        rows = http.get(f"/api/v1/datasets/{dataset}").json()["rows"]
    labelled = labels_in(Path(found["files"]["labels"]))
    assert len(labelled) == rows
    assert sum(row[-1] != "" for row in labelled) == found["rows"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.study is None])
def test_what_memory_decides_is_a_result_or_a_sentence(
    name: str, served: Served, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = study(CASES[name], served, capsys, monkeypatch, tmp_path)
    assert (told.code, len(told.errors), bool(told.out)) in [(0, 0, True), (1, 1, False)], told.err


@pytest.mark.parametrize("name", [*ALONE, "empty file"])
def test_without_a_server_it_is_the_same(name: str, tmp_path: Path) -> None:
    case, home, folder = CASES[name], tmp_path / "home", tmp_path / "here"
    folder.mkdir()
    (folder / case.file).write_bytes(case.content)
    limit = "" if case.limit is None else f"[limits]\nexpanded = {case.limit}\n"
    (tmp_path / "shoal.toml").write_text(limit)
    ran = shoal("study", "run", case.file, *SMALL, "--config", "../shoal.toml", home=home, cwd=folder)
    made = sorted(path.name for path in folder.iterdir() if path.name != case.file)
    check_refusal(Told(ran.code, ran.out, ran.err, made), case)
    assert files_in(home) == frozenset()
