"""Jobs that read a MongoDB of one's own; its address is a secret that only workers look at."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shoal.base.errors import Forbidden, Unavailable
from shoal.jobs.data import mongodb
from tests.support.jobserver import FUNCTIONS, Jobserver
from tests.support.mongodb import running_mongodb
from tests.support.server import Served, running_server

pytestmark = pytest.mark.real
ID = "5b864f7172f30c24dda84e15"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_mongodb(tmp_path_factory.mktemp("mongodb")) as where:
        fill(where)
        yield where


@pytest.fixture(scope="module")
def server(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("reading")
    (folder / "functions").mkdir()
    (folder / "functions" / "tests_own.py").write_text(FUNCTIONS)
    secret = folder / "mongodb.secret"
    secret.write_text(f"mongodb://{address}/weather\n")
    settings: dict[str, Any] = {
        "execution": {"scripts": [str(folder / "functions")]},
        "mongodb": f"@{secret}",
    }
    with running_server(folder / "home", **settings) as served:
        yield served


@pytest.fixture(scope="module")
def jobserver(server: Served) -> Jobserver:
    return Jobserver(server.url)


def fill(address: str) -> None:
    from bson import ObjectId
    from pymongo import MongoClient

    with MongoClient[Any](f"mongodb://{address}", serverSelectionTimeoutMS=10_000) as client:
        moment = datetime(2020, 1, 1, tzinfo=UTC)
        rows = [{"site": n % 2, "wind": n / 2, "at": moment, "by": {"name": "ana"}} for n in range(4)]
        client["weather"]["readings"].insert_many(rows)
        series = {"_id": ObjectId(ID), "datatype": "timeseries", "data": {"t": [1, 2], "v": [3, 4]}}
        client["weather"]["data"].insert_one(series)
        client["other"]["readings"].insert_one({"only": "here"})


def read(jobserver: Jobserver, **data: Any) -> dict[str, Any]:
    return jobserver.ran({"script_name": "seen", "data": {"type": "mongodb", **data}})


def test_documents_come_as_the_rows_of_a_table(jobserver: Jobserver) -> None:
    told = read(jobserver, collection="readings", query={"wind": {"$gte": 0.5}}, fields=["site", "wind"])
    assert (told["result"]["type"], told["result"]["columns"]) == ("DataFrame", "['site', 'wind']"), told
    raw = read(jobserver, collection="readings", query={"site": 0, "wind": 0}, datatype="raw", limit=1)
    expected = [{"site": 0, "wind": 0.0, "at": "2020-01-01T00:00:00", "by": {"name": "ana"}}]
    assert raw["result"]["data"] == str(expected)
    assert read(jobserver, database="other", collection="readings", datatype="raw")["result"]["data"] == str(
        [{"only": "here"}]
    )


def test_a_document_of_the_older_system_comes_as_its_datatype(jobserver: Jobserver) -> None:
    told = read(jobserver, collection="data", id=ID)
    assert (told["result"]["type"], told["result"]["columns"]) == ("DataFrame", "['t', 'v']"), told


def test_what_is_not_there_or_no_table_fails_the_job_with_words(jobserver: Jobserver) -> None:
    assert "no document" in read(jobserver, collection="data", id="nothing")["error"]
    assert read(jobserver, collection="nothing", datatype="raw")["result"]["data"] == "[]"


def test_queries_that_could_run_code_are_refused(jobserver: Jobserver) -> None:
    harmful: list[Any] = [
        {"$where": "sleep(9)"},
        {"a": {"$function": {}}},
        {"$expr": {}},
        {"a": [{"$where": "1"}]},
    ]
    for query in harmful:
        data = {"type": "mongodb", "collection": "readings", "query": query}
        told = jobserver.told("PUT", "/job", {"script_name": "seen", "data": data}, status=201)
        jobserver.refused("GET", f"/job/{told['_id']}/run", status=400)


def test_the_address_is_told_nowhere(jobserver: Jobserver, server: Served, address: str) -> None:
    read(jobserver, collection="readings")
    with server.http() as http:
        told = json.dumps(http.get("/api/v1/jobs").json())
    for text in (told, server.log(), *(path.read_text() for path in (server.home / "logs").rglob("*.log"))):
        assert address not in text
        assert "mongodb.secret" not in text


def test_a_mongodb_that_is_gone_is_told_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymongo")
    address = "mongodb://ana:hidden@127.0.0.1:9/x?serverSelectionTimeoutMS=200"
    monkeypatch.setenv("TESTS_MONGODB", address)
    monkeypatch.setattr(mongodb, "PATIENCE", 200)
    with pytest.raises(Unavailable, match="does not serve") as refused:
        mongodb.fetched({"type": "mongodb", "collection": "a"}, "env:TESTS_MONGODB")
    assert "hidden" not in "".join(traceback.format_exception(refused.value))


def test_without_the_setting_no_mongodb_is_read() -> None:
    with pytest.raises(Forbidden, match="reads no MongoDB"):
        mongodb.arrived({"type": "mongodb", "collection": "a"}, {"mongodb": None})
    assert mongodb.arrived({"type": "raw_data", "data": 1}, {}) == {"type": "raw_data", "data": 1}
