"""Functions of one's own, run through a real server: from Python, over HTTP, on the command line."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shoal.base.errors import InvalidInput, NotFound
from shoal.client import AsyncClient, Client
from shoal.client.results import JobFailed
from tests.support.command import shoal
from tests.support.scripts import written
from tests.support.server import Served, running_server

ROWS = 12_000
MINE = """
    import math, os, time
    import pandas as pd

    def double(n: int) -> int:
        return 2 * n

    def inverse(n: int) -> float:
        return 1 / n

    def odd():
        return {"a": [1.0, math.nan], "b/c": -math.inf}

    def kind(data):
        return type(data).__name__

    def total(frame: pd.DataFrame) -> float:
        return float(frame["value"].sum())

    def table(rows: int) -> pd.DataFrame:
        return pd.DataFrame({"n": range(rows), "half": [i / 2 for i in range(rows)]})

    def nap(seconds: float) -> None:
        time.sleep(seconds)

    def look(path: str):
        return open(path).read()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("scripts") / "home"
    written(home / "scripts", mine=MINE, broken="import no_such_module")
    with running_server(home, workers=2) as served:
        yield served


@pytest.fixture(scope="module")
def client(server: Served) -> Iterator[Client]:
    with Client(server.url) as connected:
        yield connected


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "timeseries.csv"
    values = np.random.default_rng(5).normal(40, 12.6, ROWS).round(7)
    dates = pd.date_range("2000-01-01", periods=ROWS, freq="h")
    pd.DataFrame({"date": dates, "value": values}).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def described(series: Path) -> dict[str, float]:
    return {str(name): float(value) for name, value in pd.read_csv(series)["value"].describe().items()}


def test_a_summary_is_that_of_pandas(client: Client, series: Path, described: dict[str, float]) -> None:
    found = client.run("summary", data=series)
    assert found == {"value": pytest.approx(described, rel=1e-9)}
    assert list(found["value"]) == list(described)


def test_a_summary_on_the_command_line(
    server: Served, tmp_path: Path, series: Path, described: dict[str, float]
) -> None:
    ran = shoal(
        "script", "run", "summary", "--data", series, "--output", "json", home=server.home, cwd=tmp_path
    )
    assert ran.code == 0, ran.err
    assert ran.json["result"] == {"value": pytest.approx(described, rel=1e-9)}
    shown = shoal("script", "show", "describe_by_group", home=server.home, cwd=tmp_path)
    assert "--data yourfile.csv by=..." in shown.out
    listed = shoal("script", "list", "--output", "quiet", home=server.home, cwd=tmp_path)
    assert {"summary", "cluster", "double"} <= set(listed.out.split())
    wrong = shoal("script", "run", "double", "n=much", home=server.home, cwd=tmp_path)
    assert (wrong.code, wrong.err) == (1, "error: n: This is not a whole number: much\n")
    other = shoal("script", "run", "double", "m=1", home=server.home, cwd=tmp_path)
    assert other.err == "error: double has no parameter m.\n  It takes n.\n"


def test_data_of_every_sort_reaches_a_function(client: Client, series: Path) -> None:
    frame = pd.DataFrame({"value": [1.5, 2.5], "when": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    stored = client.objects.add({"value": [1, 2]}, "dataframe")
    first = client.submit("double", 4)
    assert client.run("total", data=frame) == 4.0
    assert client.run("kind", data=frame) == "DataFrame"
    assert client.run("kind", data=series) == "str"
    assert client.run("kind", data={"a": 1}) == "dict"
    assert client.run("kind", data={"type": "object", "id": stored["id"]}) == "DataFrame"
    assert client.run("kind", data=client.datasets.add(series)) == "DataFrame"
    assert client.run("double", data=first) == 16


def test_the_same_file_is_kept_once_and_another_of_its_name_beside_it(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "same_name.csv"
    for text, total in (("value\n1\n", 1.0), ("value\n1\n", 1.0), ("value\n7\n", 7.0)):
        file.write_text(text)
        assert client.run("total", data=str(file)) == total
    kept = [one["name"] for one in client.datafiles.find() if one["name"].startswith("same_name")]
    assert len(kept) == 2 and "same_name.csv" in kept
    with pytest.raises(InvalidInput, match="No such file"):
        client.run("total", data=tmp_path / "nowhere.csv")


def test_results_of_every_size_come_back(client: Client) -> None:
    found = client.run("odd")
    assert math.isnan(found["a"][1]) and found["b/c"] == -math.inf
    for rows in (3, 15_000):
        future = client.submit("table", rows)
        assert future.result() == {"n": list(range(rows)), "half": [i / 2 for i in range(rows)]}
        assert future.frame().shape == (rows, 2)


def test_many_items_are_few_jobs_and_results_in_order(client: Client) -> None:
    before = sum(1 for _ in client.jobs.find(kind="function"))
    assert list(client.map("double", range(100))) == [2 * n for n in range(100)]
    assert sum(1 for _ in client.jobs.find(kind="function")) - before <= 16
    values = client.map("inverse", [1, 2, 0, 4], chunk=2)
    assert [next(values), next(values)] == [1.0, 0.5]
    with pytest.raises(JobFailed, match="division by zero") as failed:
        next(values)
    assert "in inverse" in failed.value.details["error"]["traceback"]


def test_a_future_can_be_waited_for_and_cancelled(client: Client) -> None:
    future = client.submit("nap", 60)
    assert not future.done()
    with pytest.raises(TimeoutError):
        future.result(timeout=0.2)
    future.cancel()
    error = future.exception()
    assert isinstance(error, JobFailed) and future.cancelled() and future.done()
    late = client.submit("nap", 60, job={"timeout": 0.5})
    with pytest.raises(JobFailed, match=r"0\.5"):
        late.result()
    assert client.submit("double", 1).exception() is None


def test_what_is_wrong_is_said_in_words(client: Client, server: Served) -> None:
    with pytest.raises(NotFound, match="There is no script 'doubel'"):
        client.run("doubel")
    with pytest.raises(InvalidInput, match="n: it should be a valid integer") as refused:
        client.run("double", n="many")
    assert [one["pointer"] for one in refused.value.details["errors"]] == ["/kwargs/n"]
    with pytest.raises(InvalidInput, match="summary needs data"):
        client.run("summary")
    with pytest.raises(InvalidInput, match="unexpected keyword argument 'm'"):
        client.run("double", 1, m=2)
    step = {"runner": "function", "script": "double", "kwargs": {"n": "x"}}
    with pytest.raises(InvalidInput) as refused:
        client.jobs.submit({"steps": [step, {"runner": "command", "cmd": ["true"]}]})
    assert [one["pointer"] for one in refused.value.details["errors"]] == ["/steps/0/kwargs/n"]
    with pytest.raises(JobFailed) as failed:
        client.run("inverse", n=0)
    assert failed.value.details["error"]["type"] == "ZeroDivisionError"
    with pytest.raises(JobFailed):
        client.run("look", path=str(server.home / "shoal.db"))


def test_an_event_loop_has_the_same(server: Served, series: Path, described: dict[str, float]) -> None:
    async def work() -> list[Any]:
        async with AsyncClient(server.url) as client:
            future = await client.submit("double", 4)
            mapped = [value async for value in client.map("double", [1, 2, 3], chunk=2)]
            summary = await client.run("summary", data=series)
            return [await future.result(), await future.done(), mapped, summary["value"]["count"]]

    assert asyncio.run(work()) == [8, True, [2, 4, 6], float(ROWS)]


def test_the_api_tells_of_scripts_and_of_broken_ones(server: Served) -> None:
    with server.http() as http:
        listed = http.get("/api/v1/scripts").json()
        one = http.get("/api/v1/scripts/mine.double").json()
        gone = http.get("/api/v1/scripts/nothing")
    assert [error["module"] for error in listed["errors"]] == ["broken"]
    assert "no_such_module" in listed["errors"][0]["message"]
    assert {"summary", "double"} <= {script["name"] for script in listed["scripts"]}
    assert one["schema"]["properties"] == {"n": {"type": "integer"}}
    assert one["call"]["request"] == {"runner": "function", "script": "double", "kwargs": {"n": "..."}}
    assert len(one["code_hash"]) == 64 and one["data_parameter"] is None
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


def test_the_server_imports_nothing_of_it(tmp_path: Path) -> None:
    written(tmp_path / "home" / "scripts", mine=MINE)
    with running_server(tmp_path / "home") as server:
        with Client(server.url) as client:
            assert client.run("double", 4) == 8
        server.stop()
    assert "heavy modules: []" in server.log()
