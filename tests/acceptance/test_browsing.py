"""Looking through datasets, studies and fits over HTTP, as pages and programs do."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.support.asking import add, ended, problem
from tests.support.command import PENGUINS
from tests.support.server import Served, running_server

SHAPES = ["full-tied", "diag-untied", "spher-tied"]
PLAN = {"max_k": 3, "n_experiments": 2, "n_init": 2, "covariances": SHAPES}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running_server(tmp_path_factory.mktemp("browsing") / "home") as served:
        yield served


@pytest.fixture
def http(server: Served) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


@pytest.fixture(scope="module")
def dataset(server: Served) -> str:
    with server.http() as http:
        return add(http, PENGUINS.read_text(), "Pen guins ü.csv")


@pytest.fixture(scope="module")
def study(server: Served, dataset: str) -> dict[str, Any]:
    with server.http() as http:
        wish = {"dataset": dataset, "name": "Penguin Groups", **PLAN}
        return ended(http, http.post("/api/v1/studies", json=wish).json()["id"])


def walked(http: httpx.Client, path: str, name: str, **params: Any) -> list[dict[str, Any]]:
    """Return a whole list, read in parts of 5."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = http.get(f"/api/v1{path}", params={"limit": 5, **params, **cursor})
        assert answer.status_code == 200, answer.text
        part = answer.json()
        found += part[name]
        if part["next"] is None:
            return found
        assert len(part[name]) == 5
        cursor = {"cursor": part["next"]}


def test_rows_are_shown_as_they_stand_in_the_file(http: httpx.Client, dataset: str) -> None:
    with PENGUINS.open() as file:
        original = list(csv.DictReader(file))
    part = http.get(f"/api/v1/datasets/{dataset}/rows", params={"offset": 2, "limit": 3}).json()
    assert part["columns"] == list(original[0])
    assert [row[0] for row in part["rows"]] == [row["species"] for row in original[2:5]]
    assert part["rows"][1][2] is None
    assert (part["offset"], part["total"], part["next"]) == (2, len(original), 5)
    last = http.get(f"/api/v1/datasets/{dataset}/rows", params={"offset": len(original) - 1}).json()
    assert (len(last["rows"]), last["next"]) == (1, None)
    beyond = http.get(f"/api/v1/datasets/{dataset}/rows", params={"offset": 2**63 - 1}).json()
    assert (beyond["rows"], beyond["next"]) == ([], None)
    assert problem(http.get(f"/api/v1/datasets/{dataset}/rows", params={"limit": 0}))["status"] == 422


def test_columns_have_statistics(http: httpx.Client, dataset: str) -> None:
    found = http.get(f"/api/v1/datasets/{dataset}/columns").json()
    columns = {column["name"]: column for column in found["columns"]}
    with PENGUINS.open() as file:
        masses = [
            float(row["body_mass_g"]) for row in csv.DictReader(file) if row["body_mass_g"] not in ("", "NA")
        ]
    mass = columns["body_mass_g"]
    assert sum(mass["histogram"]["counts"]) == len(masses) == found["rows"] - mass["missing"]
    assert np.isclose(mass["sd"], np.std(masses, ddof=1))
    assert {one["value"] for one in columns["species"]["top"]} == {"Adelie", "Chinstrap", "Gentoo"}
    assert columns["species"]["distinct"] == 3
    assert http.get(f"/api/v1/datasets/{dataset}/columns").json() == found


def test_the_file_comes_back_to_be_saved_byte_by_byte(http: httpx.Client, dataset: str) -> None:
    answer = http.get(f"/api/v1/datasets/{dataset}/file")
    assert answer.content == PENGUINS.read_bytes()
    told = answer.headers["content-disposition"]
    assert told == "attachment; filename=\"Pen guins _.csv\"; filename*=UTF-8''Pen%20guins%20%C3%BC.csv"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_what_a_study_would_cost_is_told_without_starting_it(http: httpx.Client, dataset: str) -> None:
    before = http.get("/api/v1/studies").json()["studies"]
    told = http.post("/api/v1/studies/estimate", json={"dataset": dataset, **PLAN}).json()
    assert (told["fits"], told["plan"]["max_k"]) == (18, 3)
    assert told["seconds"] > 0
    assert told["bytes"] > 0
    assert "bill_length_mm" in told["columns"]
    assert {one["column"] for one in told["left_out"]} >= {"species", "island"}
    assert any("missing values" in note["text"] for note in told["notes"])
    budget = http.post("/api/v1/studies/estimate", json={"dataset": dataset, "budget": "1s"}).json()
    assert budget["changed"]
    assert problem(http.post("/api/v1/studies/estimate", json={"dataset": dataset, "max_k": 0}))["errors"]
    assert problem(http.post("/api/v1/studies/estimate", json={"dataset": "none"}))["status"] == 404
    assert http.get("/api/v1/studies").json()["studies"] == before


def test_studies_are_searched_filtered_and_sorted(http: httpx.Client, study: dict[str, Any]) -> None:
    others = [
        ended(
            http,
            http.post("/api/v1/studies", json={"dataset": add(http), "name": name, "max_k": 1}).json()["id"],
        )
        for name in ("beta 100%", "Alpha")
    ]

    def ids(**params: Any) -> list[str]:
        return [one["id"] for one in http.get("/api/v1/studies", params=params).json()["studies"]]

    mine, everything = study["id"], [others[1]["id"], others[0]["id"], study["id"]]
    assert ids() == everything
    assert ids(q="penguin") == ids(q=mine[:6].upper()) == ids(dataset=study["dataset"]) == [mine]
    assert ids(q="0%") == [others[0]["id"]]
    assert ids(q="_") == []
    assert ids(state="succeeded") == everything
    assert ids(state=["running", "failed", "cancelled"]) == []
    assert ids(sort="name") == [others[1]["id"], mine, others[0]["id"]]
    assert ids(sort="name", order="desc") == ids(sort="name")[::-1]
    by_name = http.get("/api/v1/studies", params={"sort": "name", "limit": 1}).json()
    following = http.get("/api/v1/studies", params={"sort": "name", "cursor": by_name["next"]}).json()
    assert [one["id"] for one in following["studies"]] == ids(sort="name")[1:]
    assert problem(http.get("/api/v1/studies", params={"cursor": by_name["next"]}))["status"] == 422
    assert problem(http.get("/api/v1/studies", params={"state": "asleep"}))["status"] == 422


@pytest.mark.parametrize("sort", ["created", "fit", "k", "bic", "aic", "icl", "log_likelihood", "seconds"])
def test_fits_are_sorted_without_gap_or_repetition(
    http: httpx.Client, study: dict[str, Any], sort: str
) -> None:
    found = walked(http, "/fits", "fits", study=study["id"], sort=sort)
    assert sorted(fit["fit"] for fit in found) == list(range(18))
    if sort != "created":
        keys = [fit[sort] for fit in found]
        assert keys == sorted(keys, reverse=sort not in ("fit", "k", "seconds"))
    other = walked(http, "/fits", "fits", study=study["id"], sort=sort, order="asc")
    assert sorted(fit["fit"] for fit in other) == list(range(18))


def test_fits_are_filtered(http: httpx.Client, study: dict[str, Any]) -> None:
    found = walked(http, "/fits", "fits", study=study["id"], covariance=["full-tied"], k=[2, 3])
    assert {(fit["covariance"], fit["k"]) for fit in found} == {("full-tied", 2), ("full-tied", 3)}
    assert all(fit["study"] == study["id"] and fit["study_name"] == "Penguin Groups" for fit in found)
    assert walked(http, "/fits", "fits", study=study["id"], state="failed") == []
    assert "full-tied" in problem(http.get("/api/v1/fits", params={"covariance": "round"}))["title"]
    assert problem(http.get("/api/v1/fits", params={"study": "nothere"}))["status"] == 404


@pytest.mark.parametrize("mode", SHAPES)
def test_a_fit_is_told_in_the_files_units(http: httpx.Client, study: dict[str, Any], mode: str) -> None:
    fit = study["summary"]["recommended"][mode]
    one = http.get(f"/api/v1/studies/{study['id']}/fits/{fit['fit']}").json()
    assert (one["bic"], one["sizes"], one["covariance"]) == (fit["bic"], fit["sizes"], mode)
    text = http.get(f"/api/v1/studies/{study['id']}/labels.csv", params={"covariance": mode}).text
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["Label"]]
    values = np.array([[float(row[name]) for name in one["parameters"]["columns"]] for row in rows])
    labels = np.array([int(row["Label"]) for row in rows])
    centers = [values[labels == k + 1].mean(axis=0) for k in range(one["k"])]
    assert np.allclose(one["parameters"]["centers"], centers)
    assert np.allclose(one["parameters"]["weights"], [(labels == k + 1).mean() for k in range(one["k"])])
    d = values.shape[1]
    shape = {"full-tied": (d, d), "diag-untied": (one["k"], d), "spher-tied": (d,)}[mode]
    assert np.shape(one["parameters"]["covariances"]) == shape
    if mode == "full-tied":
        away = values - np.array(centers)[labels - 1]
        assert np.allclose(one["parameters"]["covariances"], away.T @ away / len(away), rtol=1e-6)


def test_a_fit_that_is_not_there_is_not_found(http: httpx.Client, study: dict[str, Any]) -> None:
    assert problem(http.get(f"/api/v1/studies/{study['id']}/fits/18"))["status"] == 404


def test_what_happened_to_a_study_is_read_from_both_ends(http: httpx.Client, study: dict[str, Any]) -> None:
    path = f"/studies/{study['id']}/events"
    onward = walked(http, path, "events")
    assert [event["kind"] for event in onward][:1] == ["started"]
    assert onward[-1]["kind"] == "succeeded"
    assert walked(http, path, "events", order="desc") == onward[::-1]
    assert sum(event["data"]["done"] for event in onward if event["kind"] == "fits") == 18


def test_the_jobs_of_a_study_make_every_fit_once(http: httpx.Client, study: dict[str, Any]) -> None:
    found = http.get(f"/api/v1/studies/{study['id']}/jobs").json()["jobs"]
    assert sorted(fit for job in found for fit in job["fits"]) == list(range(18))
    assert {"study.fits", "study.finish"} <= {job["kind"] for job in found}
    assert {job["state"] for job in found} == {"succeeded"}


def test_a_study_without_failures_has_none(http: httpx.Client, study: dict[str, Any]) -> None:
    assert http.get(f"/api/v1/studies/{study['id']}/failures").json() == {"failed": 0, "failures": []}


def test_datasets_are_searched(http: httpx.Client, dataset: str) -> None:
    assert [one["id"] for one in walked(http, "/datasets", "datasets", q="PEN GUINS")] == [dataset]
    assert walked(http, "/datasets", "datasets", q="nothing like it") == []
