"""Figures of studies by the API, and the numbers behind them against other programs'."""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples
from sklearn.preprocessing import StandardScaler

from tests.support.asking import add, ended, problem
from tests.support.command import PENGUINS
from tests.support.server import running_server

CLOSE = 1e-9
SMALL = {"n_experiments": 5, "max_k": 4, "n_init": 2, "covariances": ["full-tied", "diag-untied"]}


@dataclass(frozen=True)
class Exported:
    """A study as its files have it: study.json, fits.csv, labels.csv."""

    id: str
    document: dict[str, Any]
    fits: list[dict[str, str]]
    table: list[dict[str, str]]

    @property
    def rows(self) -> np.ndarray:
        """Return the clustered rows (n, d) in the file's units."""
        columns = self.document["summary"]["columns"]
        inside = [row for row in self.table if row["Label"]]
        return np.array([[float(row[name]) for name in columns] for row in inside])

    @property
    def labels(self) -> np.ndarray:
        return np.array([int(row["Label"]) for row in self.table if row["Label"]])

    def counted(self, fits: list[dict[str, str]]) -> list[dict[str, str]]:
        """Return the fits that may be recommended."""
        least = self.document["summary"]["min_members"]
        usable = [fit for fit in fits if fit["state"] == "succeeded"]
        return [fit for fit in usable if fit["degenerate"] == "False" and int(fit["smallest"]) >= least]


def exported(http: httpx.Client, study: str) -> Exported:
    base = f"/api/v1/studies/{study}"
    fits, labels = (
        list(csv.DictReader(io.StringIO(http.get(f"{base}/{name}").text)))
        for name in ("fits.csv", "labels.csv")
    )
    return Exported(study, http.get(f"{base}/study.json").json(), fits, labels)


def start(http: httpx.Client, rows: str, name: str, **plan: Any) -> str:
    answer = http.post("/api/v1/studies", json={"dataset": add(http, rows, name), **SMALL, **plan})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def sampled_rows() -> str:
    rng = np.random.default_rng(7)
    groups = rng.integers(3, size=3600)
    values = rng.normal(size=(3600, 3)) + 4 * np.eye(3)[groups]
    lines = [",".join(f"{value:.4f}" for value in row) for row in values]
    return "\n".join(["x,y,z", *lines, ""])


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    home = tmp_path_factory.mktemp("figures") / "home"
    with running_server(home, workers=2) as served, served.http() as client:
        yield client


@pytest.fixture(scope="module")
def penguins(http: httpx.Client) -> str:
    study = start(http, PENGUINS.read_text(), "penguins.csv", seed=11)
    assert ended(http, study)["state"] == "succeeded"
    return study


@pytest.fixture(scope="module")
def studies(http: httpx.Client, penguins: str) -> list[Exported]:
    large = start(http, sampled_rows(), "large.csv", scale=False, n_experiments=2, max_k=3, n_init=1)
    assert ended(http, large)["state"] == "succeeded"
    return [exported(http, study) for study in (penguins, large)]


def figure(http: httpx.Client, study: str, name: str, **query: Any) -> httpx.Response:
    return http.get(f"/api/v1/studies/{study}/figures/{name}", params=query)


def test_scores_with_their_intervals_are_those_of_the_fits(studies: list[Exported]) -> None:
    for study in studies:
        rule = study.document["recompute"]["bootstrap"]
        for mode, cells in study.document["summary"]["scores"].items():
            for cell in cells:
                here = [fit for fit in study.fits if fit["covariance"] == mode and fit["k"] == str(cell["k"])]
                usable = [fit for fit in here if fit["state"] == "succeeded"]
                fits = study.counted(here) or usable
                picks = np.random.default_rng([rule["seed"][0], len(fits)]).integers(
                    len(fits), size=(rule["resamplings"], len(fits))
                )
                for score in ("bic", "aic"):
                    values = np.array([float(fit[score]) for fit in fits])
                    low, high = np.percentile(values[picks].mean(axis=1), rule["percentiles"])
                    found = [cell[score], cell[f"{score}_low"], cell[f"{score}_high"]]
                    np.testing.assert_allclose(found, [values.mean(), low, high], rtol=CLOSE)
                assert (cell["fits"], cell["passing"]) == (len(usable), len(study.counted(here)))


def test_wins_are_the_numbers_of_the_best_fit_of_each_repeat(studies: list[Exported]) -> None:
    for study in studies:
        wins: dict[str, int] = {}
        for experiment in {fit["experiment"] for fit in study.fits}:
            here = study.counted([fit for fit in study.fits if fit["experiment"] == experiment])
            best = max(here, key=lambda fit: (float(fit["bic"]), -int(fit["k"])))
            wins[best["k"]] = wins.get(best["k"], 0) + 1
        assert study.document["summary"]["wins"] == wins


def test_quality_is_that_of_scikit_learn(studies: list[Exported]) -> None:
    for study in studies:
        found, rule = study.document["summary"]["quality"], study.document["recompute"]
        rows, labels = study.rows, study.labels
        if rule["scaling"]["scaled"]:
            rows = StandardScaler().fit_transform(rows)
        chosen = np.arange(len(rows))
        if len(rows) > rule["silhouette"]["most_rows"]:
            rng = np.random.default_rng(rule["silhouette"]["seed"])
            chosen = np.sort(rng.choice(len(rows), rule["silhouette"]["most_rows"], replace=False))
        widths = silhouette_samples(rows[chosen], labels[chosen])
        clusters = range(1, labels.max() + 1)
        each = [widths[labels[chosen] == cluster].mean() for cluster in clusters]
        assert found["silhouette"]["rows"] == len(chosen)
        np.testing.assert_allclose(found["silhouette"]["mean"], widths.mean(), rtol=0, atol=CLOSE)
        np.testing.assert_allclose(found["silhouette"]["clusters"], each, rtol=0, atol=CLOSE)
        np.testing.assert_allclose(
            found["calinski_harabasz"], calinski_harabasz_score(rows, labels), rtol=CLOSE
        )
        np.testing.assert_allclose(found["davies_bouldin"], davies_bouldin_score(rows, labels), rtol=CLOSE)


def test_profiles_and_correlations_are_numpys(studies: list[Exported]) -> None:
    for study in studies:
        summary, rows, labels = study.document["summary"], study.rows, study.labels
        for profile in summary["profiles"]:
            members = rows[labels == profile["cluster"]]
            assert (profile["size"], profile["share"]) == (len(members), len(members) / len(rows))
            for place, name in enumerate(summary["columns"]):
                found = profile["columns"][name]
                gap = (members[:, place].mean() - rows[:, place].mean()) / rows[:, place].std()
                expected = [members[:, place].mean(), members[:, place].std(), gap]
                np.testing.assert_allclose(
                    [found["mean"], found["sd"], found["gap"]], expected, rtol=CLOSE, atol=CLOSE
                )
        assert summary["correlation"]["columns"][: len(summary["columns"])] == summary["columns"]
        pairs = np.array(summary["correlation"]["values"], float)[: rows.shape[1], : rows.shape[1]]
        np.testing.assert_allclose(pairs, np.corrcoef(rows.T), atol=CLOSE)


def test_figures_show_the_numbers_of_the_study(http: httpx.Client, studies: list[Exported]) -> None:
    study = studies[0]
    told = list(csv.DictReader(io.StringIO(figure(http, study.id, "scores.csv").text)))
    cells = {
        (mode, cell["k"]): cell for mode, all_ in study.document["summary"]["scores"].items() for cell in all_
    }
    assert {(row["shape"], int(row["k"])): float(row["bic_low"]) for row in told} == {
        key: cell["bic_low"] for key, cell in cells.items()
    }
    spec = figure(http, study.id, "cluster.json").json()
    marks = spec["datasets"]["rows"]
    clusters = {mark["row"]: mark for mark in marks}
    assert len(clusters) == len(study.labels)
    inside = [at for at, row in enumerate(study.table, 1) if row["Label"]]
    best = list(study.document["summary"]["recommended"]).index(
        study.document["summary"]["best"]["covariance"]
    )
    assert [clusters[at][f"m{best}"] for at in inside] == study.labels.tolist()


def pixels(content: bytes) -> tuple[int, int, int]:
    """Return width, height and the number of different lines of a PNG."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        packed += content[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    width, height = struct.unpack(">II", content[16:24])
    lines = zlib.decompress(packed)
    stride = len(lines) // height
    return width, height, len({lines[one : one + stride] for one in range(0, len(lines), stride)})


def test_every_figure_comes_in_every_format(http: httpx.Client, penguins: str) -> None:
    listed = http.get(f"/api/v1/studies/{penguins}/figures").json()
    assert listed["formats"] == ["json", "svg", "png", "pdf", "csv"]
    names = {entry["name"] for entry in listed["figures"]} - {"fit", "places"}
    assert {"scores", "wins", "counts", "clusters", "profiles", "correlation", "stability"} <= names
    for name in sorted(names):
        picture = figure(http, penguins, f"{name}.png")
        assert picture.headers["content-type"] == "image/png", picture.text
        assert picture.headers["x-content-type-options"] == "nosniff"
        width, height, lines = pixels(picture.content)
        assert width > 300, name
        assert height > 150, name
        assert lines > 40, name
    assert figure(http, penguins, "wins.svg").text.startswith("<svg")
    assert figure(http, penguins, "wins.pdf").content.startswith(b"%PDF-")
    assert figure(http, penguins, "wins.csv").headers["content-disposition"].startswith("attachment")
    assert figure(http, penguins, "wins.json").json()["$schema"].endswith(".json")


def test_one_fit_and_other_axes_and_another_smallest_cluster(http: httpx.Client, penguins: str) -> None:
    spec = figure(http, penguins, "fit.json", fit=3, x="body_mass_g", y="bill_depth_mm").json()
    assert spec["title"]["text"] == "Fit 3"
    assert {"body_mass_g", "bill_depth_mm"} <= set(json.dumps(spec).split('"'))
    fits = http.get(f"/api/v1/studies/{penguins}/fits").json()["fits"]
    sizes = sorted(fits[3]["sizes"])
    drawn = [row["s"] for row in spec["datasets"]["rows"]]
    assert sorted(np.bincount(drawn)[np.bincount(drawn) > 0].tolist()) == sizes
    least = 120
    cells = figure(http, penguins, "counts.json", min_members=least).json()["datasets"]["counts"]
    for cell in cells:
        here = [fit for fit in fits if fit["covariance"] == cell["mode"] and fit["k"] == cell["k"]]
        usable = [fit for fit in here if fit["state"] == "succeeded" and not fit["degenerate"]]
        assert cell["times"] == sum(min(fit["sizes"]) >= least for fit in usable)
    again = figure(http, penguins, "clusters.png", min_members=least)
    assert pixels(again.content)[2] > 40
    assert again.content != figure(http, penguins, "clusters.png").content


def test_the_album_is_there_with_the_study_and_drawn_once(http: httpx.Client, penguins: str) -> None:
    album = http.get(f"/api/v1/studies/{penguins}/album.json").json()
    assert album["rows"] == 342
    assert {figure["name"] for figure in album["figures"]} >= {"scores", "clusters", "profiles"}
    jobs = http.get("/api/v1/jobs", params={"kind": "study.draw", "limit": 500}).json()["jobs"]
    http.get(f"/api/v1/studies/{penguins}/album.json")
    figure(http, penguins, "wins.svg", x="body_mass_g")
    figure(http, penguins, "wins.svg", theme="light")
    again = http.get("/api/v1/jobs", params={"kind": "study.draw", "limit": 500}).json()["jobs"]
    assert len(again) <= len(jobs) + 1


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("plot.png", {}, 404),
        ("wins.gif", {}, 422),
        ("wins", {}, 404),
        ("cluster.png", {"x": "species"}, 422),
        ("cluster.png", {"y": "<b>.[0]'\""}, 422),
        ("cluster.png", {"covariance": "spher-tied"}, 422),
        ("cluster.png", {"min_members": "many"}, 422),
        ("cluster.png", {"min_members": 0}, 422),
        ("cluster.png", {"theme": "blue"}, 422),
        ("cluster.png", {"scale": "inf"}, 422),
        ("cluster.png", {"scale": "nan"}, 422),
        ("scores.png", {"criterion": "icl"}, 422),
        ("fit.png", {}, 422),
        ("fit.png", {"fit": 10**6}, 404),
        ("wins.png", {"fit": 1}, 422),
        ("places.png", {}, 404),
    ],
)
def test_wrong_arguments_are_told(
    http: httpx.Client, penguins: str, name: str, query: dict[str, Any], status: int
) -> None:
    answer = figure(http, penguins, name, **query)
    assert answer.status_code == status, answer.text
    assert problem(answer)["status"] == status


def test_figures_of_a_study_that_runs_are_not_there_yet(http: httpx.Client) -> None:
    study = start(http, sampled_rows(), "slow.csv", n_experiments=20, max_k=6)
    answer = figure(http, study, "wins.png")
    assert problem(answer)["status"] == 409
    http.post(f"/api/v1/studies/{study}/cancel")
    assert problem(http.get("/api/v1/studies/none/figures/wins.png"))["status"] == 404


def test_a_figure_that_was_tidied_away_is_drawn_again(
    http: httpx.Client, penguins: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = figure(http, penguins, "stability.svg").text
    files = next(Path(tmp_path_factory.getbasetemp()).glob("figures*/home/files/jobs"))
    for path in files.rglob("stability.svg"):
        path.unlink()
    assert figure(http, penguins, "stability.svg").text == first
