"""`shoal study list | show | submit | watch` and `shoal dataset show`, as people and scripts type them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from shoal.base.database import open_database
from shoal.base.faults import fault_point
from shoal.studies.model import Fit
from shoal.studies.store.tables import fits
from tests.support.command import PENGUINS, Ran, shoal
from tests.support.server import running_server

POINT = fault_point("tests.looking", "A test writes failed fits by hand.")
PLAN = ("--experiments", "2", "--max-k", "3", "--n-init", "2", "--covariances", "full-tied")


@dataclass(frozen=True)
class Home:
    path: Path
    cwd: Path

    def shoal(self, *words: object) -> Ran:
        return shoal(*words, home=self.path, cwd=self.cwd)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Serve a home: then a command need not open it, which takes a second each time."""
    cwd = tmp_path_factory.mktemp("looking")
    with running_server(cwd / "h"):
        yield Home(cwd / "h", cwd)


@pytest.fixture(scope="module")
def study(home: Home) -> str:
    """Submit a study, and let another command run it."""
    sent = home.shoal("study", "submit", PENGUINS, *PLAN, "--name", "birds", "--output", "quiet")
    assert sent.code == 0, sent.err
    return sent.out.strip()


@pytest.fixture(scope="module")
def watched(home: Home, study: str) -> Any:
    ran = home.shoal("study", "watch", study, "--output", "json")
    assert ran.code == 0, ran.err
    return ran.json


@pytest.fixture(scope="module")
def failing(home: Home, study: str, watched: Any) -> list[int]:
    """Make three fits of the study fail in a later run."""
    assert watched["failed"] == 0
    rows = [(0, "Worker stopped."), (1, "There was not enough memory."), (2, "Worker stopped.")]
    database = open_database(f"sqlite:///{home.path / 'shoal.db'}")
    common = {"study": study, "generation": 2, "job": 1, "params": ""}
    values = [
        common | Fit(fit, 0, fit + 1, "full-tied", state="failed", error=error).as_json()
        for fit, error in rows
    ]
    database.write(POINT, lambda conn: conn.execute(insert(fits), values))
    database.close()
    return [fit for fit, _ in rows]


def test_a_study_that_was_submitted_waits_for_whoever_watches(home: Home, study: str, watched: Any) -> None:
    assert (watched["id"], watched["fits"]) == (study, 6)
    again = home.shoal("study", "watch", "last", "--output", "quiet")
    assert again.out.strip() == study


def test_studies_are_listed_in_three_ways(home: Home, study: str, watched: Any) -> None:
    table = home.shoal("study", "list").out.splitlines()
    assert table[0].split() == ["ID", "NAME", "STATE", "FOUND", "WHEN"]
    assert table[1].split()[:3] == [study, "birds", "succeeded"]
    assert [one["id"] for one in home.shoal("study", "list", "--output", "json").json] == [study]
    assert home.shoal("study", "list", "--output", "quiet").out == f"{study}\n"


def test_studies_are_searched(home: Home, study: str, watched: Any) -> None:
    def found(*words: str) -> list[str]:
        return home.shoal("study", "list", *words, "--output", "quiet").out.split()

    assert found("--search", "BIRD", "--state", "succeeded", "--state", "failed") == [study]
    assert found("--search", "fish") == found("--state", "running") == []
    assert home.shoal("study", "list", "--search", "fish").out == "No study is like that.\n"
    assert home.shoal("study", "list", "--state", "asleep").code == 2


def test_a_study_is_shown_in_three_ways(home: Home, study: str, watched: Any) -> None:
    assert "groups (clusters)" in home.shoal("study", "show", study).out
    assert home.shoal("study", "show", study, "--output", "json").json["best"] == watched["best"]
    assert home.shoal("study", "show", study, "--output", "quiet").out == f"{study}\n"


def test_failures_are_grouped_and_say_how_to_run_them_again(
    home: Home, study: str, failing: list[int]
) -> None:
    told = home.shoal("study", "show", study, "--failed").out
    assert told.splitlines()[:3] == [
        "TIMES  FITS  WHY",
        "    2  0,2   Worker stopped.",
        "    1  1     There was not enough memory.",
    ]
    assert f"shoal study rerun {study}\n" in told
    assert f"shoal study rerun {study} --fits 0,2\n" in told
    reasons = home.shoal("study", "show", study, "--failed", "--output", "json").json
    assert [(one["text"], one["count"], one["fits"]) for one in reasons] == [
        ("Worker stopped.", 2, [0, 2]),
        ("There was not enough memory.", 1, [1]),
    ]
    assert home.shoal("study", "show", study, "--failed", "--output", "quiet").out.split() == ["0", "2", "1"]


def test_a_dataset_is_shown_with_what_is_in_its_columns(home: Home, study: str) -> None:
    dataset = home.shoal("dataset", "list", "--output", "quiet").out.strip()
    lines = home.shoal("dataset", "show", dataset).out.splitlines()
    species = next(line for line in lines if line.startswith("species"))
    assert "Adelie 152, Gentoo 124, Chinstrap 68" in species
    mass = next(line for line in lines if line.startswith("body_mass_g"))
    assert "4201.75" in mass
    assert "█" in mass
    told = home.shoal("dataset", "show", dataset, "--output", "json").json
    assert sum(told["columns"][2]["histogram"]["counts"]) == 342
    assert home.shoal("dataset", "show", dataset, "--output", "quiet").out.strip() == dataset


def test_a_file_is_added_in_parts(home: Home, study: str) -> None:
    dataset = home.shoal("dataset", "list", "--output", "quiet").out.strip()
    added = home.shoal("dataset", "add", PENGUINS, "--resume", "--output", "quiet")
    assert (added.code, added.out.strip()) == (0, dataset)
