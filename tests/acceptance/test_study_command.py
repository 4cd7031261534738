"""`shoal study` as people type it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shoal.cli.main import run
from tests.support.command import DATA, PENGUINS, SHOAL, Ran, environment, shoal
from tests.support.waiting import wait_until

SMALL = ("--experiments", "2", "--max-k", "4", "--n-init", "2")


def data(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"{name} is not beside this project")
    return DATA / name


@dataclass(frozen=True)
class Home:
    """A home with one small study of the penguins, which ran in `cwd`."""

    path: Path
    cwd: Path
    first: Any

    def shoal(self, *words: object) -> Ran:
        return shoal(*words, home=self.path, cwd=self.cwd)


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Home:
    cwd = tmp_path_factory.mktemp("studied")
    ran = shoal("study", "run", PENGUINS, *SMALL, "--output", "json", home=cwd / "h", cwd=cwd)
    return Home(cwd / "h", cwd, ran.json)


def labels(path: Path) -> list[str]:
    with path.open() as file:
        return [row["Label"] for row in csv.DictReader(file)]


def test_normal_csv_gives_the_known_scores(tmp_path: Path) -> None:
    ran = shoal("study", "run", data("normal.csv"), "--output", "json", home=tmp_path / "h", cwd=tmp_path)
    found = ran.json
    assert ran.code == 0
    assert (found["best"]["k"], found["best"]["covariance"]) == (3, "diag-tied")
    assert (found["rows"], found["fits"], found["failed"]) == (3000, 600, 0)
    least = {
        "full-tied": (3, -4432.92),
        "full-untied": (3, -4454.92),
        "diag-tied": (3, -4428.96),
        "diag-untied": (3, -4443.57),
        "spher-tied": (10, -5192.92),
        "spher-untied": (10, -5207.32),
    }
    for mode, (k, bic) in least.items():
        assert found["recommended"][mode]["k"] == k
        assert found["recommended"][mode]["bic"] >= bic
    assert found["best"]["bic"] == found["recommended"]["diag-tied"]["bic"]
    assert any("10 is the largest number tried" in note for note in found["notes"])
    assert sorted(found["best"]["sizes"]) == [1000, 1000, 1000]


def test_skewed_data_gives_the_known_score(tmp_path: Path) -> None:
    found = shoal(
        "study", "run", data("Dataset-2.csv"), "--output", "json", home=tmp_path / "h", cwd=tmp_path
    ).json
    assert (found["best"]["k"], found["best"]["covariance"]) == (3, "full-untied")
    assert found["best"]["bic"] >= -6405.7


def test_the_penguins_are_three_groups_in_a_table_and_in_files(tmp_path: Path) -> None:
    ran = shoal("study", "run", PENGUINS, *SMALL, home=tmp_path / "h", cwd=tmp_path)
    assert ran.code == 0
    assert "Your data falls into 3 groups (clusters)" in ran.out
    assert "Using 4: bill_length_mm" in ran.err
    assert all(len(line) <= 80 for line in (ran.out + ran.err).splitlines())
    folder = tmp_path / "penguins-study"
    assert {path.name for path in folder.iterdir()} == {"labels.csv", "report.html", "study.json"}
    with (folder / "labels.csv").open() as file, PENGUINS.open() as original:
        rows, ours = list(csv.DictReader(file)), list(csv.DictReader(original))
    assert [{name: row[name] for name in ours[0]} for row in rows] == ours
    assert sum(row["Label"] == "" for row in rows) == 2
    assert {row["Label"] for row in rows} == {"1", "2", "3", ""}


def test_a_study_is_found_again_shown_and_exported(studied: Home) -> None:
    listed = studied.shoal("study", "list", "--output", "json").json
    assert studied.first["id"] in [study["id"] for study in listed]
    again = studied.shoal("study", "show", studied.first["id"][:5], "--output", "json").json
    assert again["best"] == studied.first["best"]
    exported = studied.shoal("study", "export", studied.first["id"], "--out", "all", "--output", "json").json
    assert (studied.cwd / exported["fits"]).read_text().count("\n") == 1 + studied.first["fits"]


def test_a_study_is_reproduced_and_a_changed_number_is_found(studied: Home) -> None:
    document = studied.cwd / "penguins-study" / "study.json"
    proof = studied.shoal("study", "reproduce", document)
    assert proof.code == 0, proof.err
    assert "Reproduced: all 48 fits" in proof.out
    changed = studied.cwd / "changed.json"
    changed.write_text(document.read_text().replace('"bic": -', '"bic": -1', 1))
    ran = studied.shoal("study", "reproduce", changed)
    assert ran.code == 1
    assert "bic" in ran.out


def test_new_rows_get_the_clusters_of_a_study(studied: Home) -> None:
    ran = studied.shoal("study", "predict", studied.first["id"], PENGUINS, "--out", "new.csv")
    assert ran.code == 0, ran.err
    assert labels(studied.cwd / "new.csv") == labels(studied.cwd / "penguins-study" / "labels.csv")


def test_a_study_is_compared_with_a_column_that_is_true(studied: Home) -> None:
    words = ("study", "compare", studied.first["id"], "--column", "species", "--output", "json")
    found = studied.shoal(*words).json
    assert found["column_names"] == ["Adelie", "Chinstrap", "Gentoo"]
    assert found["adjusted_rand"] > 0.9
    assert sum(map(sum, found["counts"])) == found["rows"] == 342


def test_the_labels_of_any_fit_can_be_had(studied: Home) -> None:
    with (studied.cwd / "penguins-study" / "study.json").open("rb") as file:
        fits = json.load(file)["fits"]
    wanted = next(fit for fit in fits if fit["k"] == 4 and fit["covariance"] == "diag-tied")
    ran = studied.shoal("study", "export", studied.first["id"], "--fit", wanted["fit"], "--out", "opened")
    assert ran.code == 0, ran.err
    found = labels(studied.cwd / "opened" / f"labels-fit-{wanted['fit']}.csv")
    assert [found.count(str(cluster + 1)) for cluster in range(4)] == wanted["sizes"]


def test_fits_are_run_again_by_their_ids(studied: Home) -> None:
    again = studied.shoal("study", "rerun", studied.first["id"], "--fits", "0,7", "--output", "json").json
    assert again["best"] == studied.first["best"]
    refused = studied.shoal("study", "rerun", studied.first["id"], "--fits", "48")
    assert refused.code == 1
    assert "no fit 48" in refused.err


def test_the_largest_k_tried_can_be_extended(tmp_path: Path) -> None:
    plan = ("--experiments", "2", "--max-k", "2", "--n-init", "2", "--covariances", "full-tied")
    ran = shoal(
        "study", "run", PENGUINS, *plan, "--extend", "--output", "json", home=tmp_path / "h", cwd=tmp_path
    )
    assert ran.json["best"]["k"] == 3
    assert ran.json["fits"] == 2 * 4


def test_without_groups_it_says_so(tmp_path: Path) -> None:
    import numpy as np

    rows = np.random.default_rng(1).normal(size=(300, 2))
    (tmp_path / "one.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in rows))
    ran = shoal("study", "run", "one.csv", *SMALL, home=tmp_path / "h", cwd=tmp_path)
    assert ran.code == 0
    assert "Your data looks like one group" in " ".join(ran.out.split())


def test_ctrl_c_stops_and_says_what_is_kept(tmp_path: Path) -> None:
    home = tmp_path / "h"
    with subprocess.Popen(
        [SHOAL, "study", "run", str(PENGUINS), "--experiments", "100", "--n-init", "30"],
        cwd=tmp_path, env=environment(home), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        # What a shell starts in the background has the signal ignored, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        wait_until(lambda: "Ctrl-C stops" in (process.stderr.readline() if process.stderr else ""))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "They are kept. Run the rest: shoal study rerun" in err
    assert "Traceback" not in err
    assert not (tmp_path / "penguins-study").exists()
    states = [
        one["state"] for one in shoal("study", "list", "--output", "json", home=home, cwd=tmp_path).json
    ]
    assert states == ["cancelled"]


@pytest.mark.parametrize(
    ("words", "code", "phrase"),
    [
        (["study", "run", "birds.csv"], 1, "birds.csv: no such file."),
        (["study", "run", "penguins.cvs"], 1, "Did you mean penguins.csv?"),
        (["study", "run", "penguins.csv", "--columns", "mass"], 1, "mass"),
        (["study", "run", "penguins.csv", "--columns", "species"], 1, "species"),
        (["study", "run", "penguins.csv", "--max-k", "0"], 1, "The largest number of clusters is 0"),
        (["study", "run", "penguins.csv", "--max-k", "many"], 2, "--max-k"),
        (["study", "run", "penguins.csv", "--covariances", "round"], 1, "round"),
        (["study", "run", "penguins.csv", "--budget", "soon"], 1, "The budget is 'soon'"),
        (["study", "run"], 2, "FILE"),
        (["study", "fly"], 2, "fly"),
        (["study", "show", "last"], 1, "There is no study"),
        (["study", "compare", "last"], 2, "--column"),
        (["job", "show", "1"], 1, "There is no job 1"),
        (["dataset", "show", "nothing"], 1, "There is no dataset nothing"),
        (["restore", "penguins.csv"], 1, "penguins.csv"),
        (["job", "list", "--server", "http://127.0.0.1:9"], 1, "http://127.0.0.1:9"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    words: list[str],
    code: int,
    phrase: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "penguins.csv").write_bytes(PENGUINS.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOAL_HOME", str(tmp_path / "h"))
    assert run(words) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert phrase in " ".join(err.split())
    assert err.count("error:") == 1
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} <= {"h", "penguins.csv"}


HEAVY = (
    "numpy",
    "numba",
    "sklearn",
    "pandas",
    "pyarrow",
    "sqlalchemy",
    "fastapi",
    "rich",
    "pydantic_settings",
)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from shoal.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "study" in ran.stdout
    assert set(ran.stderr.split()) & set(HEAVY) == set()
