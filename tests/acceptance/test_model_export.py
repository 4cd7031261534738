"""A model taken along gives other programs the study's labels; the predictor is the page's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from shoal.clustering.modes import MODE_NAMES
from tests.support.asking import add, ended, problem
from tests.support.command import PENGUINS, ROOT, shoal
from tests.support.pages import blocks
from tests.support.server import Served, running_server

PLAN = {"max_k": 4, "n_experiments": 2, "n_init": 3}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("models") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


@pytest.fixture(scope="module")
def predict() -> Callable[..., Any]:
    """Return the predictor that the documentation shows."""
    page = ROOT / "docs" / "how-to" / "predict-elsewhere.md"
    code = next(block.text for block in blocks(page) if "def predict" in block.text)
    names: dict[str, Any] = {}
    exec(code, names)
    body = code.partition('"""')[2].partition('"""')[2]
    assert len(body.strip().splitlines()) <= 20
    found: Callable[..., Any] = names["predict"]
    return found


@pytest.fixture(scope="module", params=["drop", "impute"])
def study(request: pytest.FixtureRequest, http: httpx.Client) -> str:
    wish = {"dataset": add(http, PENGUINS.read_text(), "penguins.csv"), "missing": request.param, **PLAN}
    return str(ended(http, http.post("/api/v1/studies", json=wish).json()["id"])["id"])


def labelled(http: httpx.Client, study: str, mode: str) -> list[dict[str, str]]:
    text = http.get(f"/api/v1/studies/{study}/labels.csv", params={"covariance": mode}).text
    return list(csv.DictReader(io.StringIO(text)))


def numbers(table: list[dict[str, str]], columns: list[str]) -> list[list[float]]:
    return [
        [float(row[name]) if row[name] not in ("", "NA") else np.nan for name in columns] for row in table
    ]


@pytest.mark.parametrize("mode", MODE_NAMES)
def test_it_gives_the_labels_of_the_study(
    http: httpx.Client, study: str, mode: str, predict: Callable[..., Any]
) -> None:
    base, asked = f"/api/v1/studies/{study}", {"covariance": mode}
    answer = http.get(f"{base}/model.npz", params=asked)
    assert answer.headers["content-disposition"] == f'attachment; filename="{study}-model.npz"'
    model = dict(np.load(io.BytesIO(answer.content), allow_pickle=False))
    table = labelled(http, study, mode)
    labels = predict(model, numbers(table, list(model["columns"])))
    assert labels.tolist() == [int(row["Label"] or 0) for row in table]
    told = http.get(f"{base}/model.json", params=asked).json()
    assert {name for name, value in told.items() if value is not None} == set(model)
    for name in ("center", "scale", "means", "covariances", "whitening", "constants", "weights"):
        assert np.array_equal(told[name], model[name]), name


def test_a_model_says_where_it_comes_from(http: httpx.Client, study: str) -> None:
    model = http.get(f"/api/v1/studies/{study}/model.json").json()
    view = http.get(f"/api/v1/studies/{study}").json()
    assert (model["format"], model["study"]) == ("shoal-model/1", study)
    assert model["fit"] == view["summary"]["best"]["fit"]
    assert model["sizes"] == view["summary"]["best"]["sizes"]
    assert model["data_sha256"] == view["source"]["sha256"]
    assert (model["fill"] is None) == (view["plan"]["missing"] == "drop")


def test_without_a_result_there_is_no_model(http: httpx.Client, study: str) -> None:
    base = f"/api/v1/studies/{study}"
    assert problem(http.get(f"{base}/model.json", params={"covariance": "round"}))["status"] == 422
    wish = {"dataset": add(http), "n_experiments": 100, "n_init": 100}
    running = http.post("/api/v1/studies", json=wish).json()["id"]
    assert problem(http.get(f"/api/v1/studies/{running}/model.npz"))["status"] == 409
    http.post(f"/api/v1/studies/{running}/cancel")


def test_the_command_writes_the_same_file(
    server: Served, http: httpx.Client, study: str, tmp_path: Path
) -> None:
    ran = shoal(
        "study", "export", study, "--model", "json", "--covariance", "diag-tied", "--out", "m",
        "--output", "json", home=server.home, cwd=tmp_path,
    )  # fmt: skip
    assert ran.json == {"model": "m/model.json"}
    sent = http.get(f"/api/v1/studies/{study}/model.json", params={"covariance": "diag-tied"}).content
    assert (tmp_path / "m" / "model.json").read_bytes() == sent
    wrong = shoal("study", "export", study, "--covariance", "diag-tied", home=server.home, cwd=tmp_path)
    assert (wrong.code, wrong.out) == (2, "")
