"""Bubbles' small API: results are kept, listed and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.server import running_server

RESULT = {
    "centers": [[1, 2, 3], [4, 5, 6]],
    "counts": [10, 30],
    "columns": ["a", "b", "<c>"],
    "meta": {"n": 1},
}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_server(tmp_path_factory.mktemp("bubbles") / "home") as served, served.http() as client:
        yield client


def kept(http: httpx.Client, **changes: Any) -> httpx.Response:
    return http.post("/result", json=RESULT | changes)


def test_a_result_is_kept_and_comes_back_with_its_time(http: httpx.Client) -> None:
    answer = kept(http)
    assert answer.status_code == 201
    id_ = answer.json()["result_id"]
    assert answer.headers["location"] == f"/result/{id_}"
    found = http.get(f"/result/{id_}").json()
    assert found.pop("created")
    assert found == RESULT


def test_results_are_listed_from_a_time_on(http: httpx.Client) -> None:
    first = kept(http).json()["result_id"]
    second = kept(http, meta=None).json()["result_id"]
    everything = http.get("/results").json()
    assert everything[first]["meta"] == RESULT["meta"]
    later = http.get("/results", params={"start": everything[second]["created"]}).json()
    assert second in later
    assert first not in later
    assert http.get("/results", params={"start": "3000-01-01"}).json() == {}
    assert http.get("/results", params={"start": "soon"}).status_code == 422


def test_a_result_is_drawn_over_one_column_and_over_two(http: httpx.Client) -> None:
    id_ = kept(http).json()["result_id"]
    for more in ({}, {"x": 0, "y": 2}):
        page = http.get("/bubbles", params={"result_id": id_} | more)
        assert page.status_code == 200
        assert page.text.count("<circle") == 2
        assert "30 rows: a 4, b 5, &lt;c&gt; 6" in page.text
    assert http.get("/bubbles", params={"result_id": id_, "x": 3}).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": [1]},
        {"counts": [1, -1]},
        {"counts": [1, True]},
        {"columns": []},
        {"columns": [1, 2, 3]},
        {"centers": [[1, 2], [3, 4]]},
        {"centers": [[1, 2, "a"], [4, 5, 6]]},
        {"centers": 3},
        {"more": 1},
    ],
)
def test_what_is_no_result_is_refused(http: httpx.Client, changes: dict[str, Any]) -> None:
    assert kept(http, **changes).status_code == 422


def test_what_is_not_there_is_not_found(http: httpx.Client) -> None:
    http.put("/data/other", json={"datatype": "raw", "data": [1]})
    for id_ in ("nothing", "other"):
        assert http.get(f"/result/{id_}").status_code == 404
        assert http.get("/bubbles", params={"result_id": id_}).status_code == 404
    assert http.post("/result", content=b"{").status_code == 400
