"""Jobserver's documented requests for data, sent by curl, and jobs that read each kind of it."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.curl import Answer
from tests.support.jobserver import FUNCTIONS, Jobserver
from tests.support.server import Served, running_server

ROWS = "name,value,when\nana,1.5,2020-01-01\n<b>ben</b>,,2020-01-02\n"
LIMIT = 200_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("jobserver-data")
    (folder / "functions").mkdir()
    (folder / "functions" / "tests_own.py").write_text(FUNCTIONS)
    execution = {"scripts": [str(folder / "functions")]}
    with running_server(folder / "home", execution=execution, limits={"upload": LIMIT}) as served:
        yield served


@pytest.fixture(scope="module")
def jobserver(server: Served) -> Jobserver:
    return Jobserver(server.url)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "local name.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def kept(jobserver: Jobserver, rows: Path) -> Iterator[str]:
    assert jobserver.upload("kept.csv", rows).status == 201
    yield "kept.csv"
    jobserver.send("DELETE", "/datafile/kept.csv")


def stored(server: Served) -> list[Path]:
    return sorted(path for path in (server.home / "files").rglob("*") if path.is_file())


def message(answer: Answer, status: int) -> str:
    assert answer.status == status, answer.text
    told = json.loads(answer.text)
    assert told["status"] == status
    return str(told["message"])


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_is_uploaded_described_and_deleted(jobserver: Jobserver, rows: Path, method: str) -> None:
    uploaded = jobserver.upload("wind.csv", rows, method=method)
    assert uploaded.status == 201
    expected = {"type": "datafile", "path": "/datafile/wind.csv", "name": "wind.csv", "size": "58 bytes"}
    assert json.loads(uploaded.text) == expected
    assert jobserver.told("GET", "/datafile/wind.csv") == expected
    assert jobserver.told("GET", "/datafile/wind.CSV") == expected
    assert "already" in message(jobserver.upload("wind.csv", rows), 409)
    assert jobserver.told("DELETE", "/datafile/wind.csv")["acknowledged"] is True
    for again in ("GET", "DELETE"):
        jobserver.refused(again, "/datafile/wind.csv", status=404)


@pytest.mark.parametrize("name", ["a.csv", "a.DAT", "a.Txt"])
def test_documented_extensions_are_taken_in_any_case(jobserver: Jobserver, rows: Path, name: str) -> None:
    assert jobserver.upload(name, rows).status == 201
    assert jobserver.told("GET", f"/datafile/{name}")["name"] == name
    jobserver.told("DELETE", f"/datafile/{name}")


def test_refused_uploads_leave_nothing(
    jobserver: Jobserver, server: Served, rows: Path, tmp_path: Path
) -> None:
    before, large = stored(server), tmp_path / "large.csv"
    large.write_bytes(b"x" * (LIMIT + 1))
    for name in ("run.sh", "a.csv.py", "none", "a.parquet"):
        assert "extension" in message(jobserver.upload(name, rows), 415)
    assert "limit" in message(jobserver.upload("large.csv", large), 413)
    nothing = jobserver.send("PUT", "/datafile/a.csv", None, "-F", "other=x")
    assert "field `file`" in message(nothing, 400)
    assert "field `file`" in message(jobserver.send("PUT", "/datafile/a.csv", "a,b\n1,2\n"), 400)
    assert "file" in message(jobserver.send("PUT", "/datafile/a.csv"), 400)
    broken = ("-H", "Content-Type: multipart/form-data; boundary=x")
    message(jobserver.send("PUT", "/datafile/a.csv", "no parts", *broken), 400)
    assert stored(server) == before


def test_no_path_leads_out_of_the_files(jobserver: Jobserver, server: Served, rows: Path) -> None:
    before = stored(server)
    (server.home / "files" / "datafiles").mkdir(exist_ok=True)
    for path in (
        "../x.csv", "..%2fx.csv", "%2e%2e%2fx.csv", "%2fetc%2fpasswd.csv", "/etc/passwd.csv", "..%5cx.csv",
        "%00.csv", "x%00.csv", "x.csv%00", ".hidden.csv", "....//x.csv", "%252e%252e%252fx.csv", "a%0ab.csv",
    ):  # fmt: skip
        for method in ("PUT", "GET", "DELETE"):
            more = ("-F", f"file=@{rows}") if method == "PUT" else ()
            answer = jobserver.send(method, f"/datafile/{path}", None, "--path-as-is", *more)
            if path.startswith("%25") and method == "PUT":  # A plain name, once taken out of its quotes.
                assert answer.status == 201
            elif not path.startswith("%25"):
                assert answer.status in (400, 404, 405), (method, path, answer.text)
    assert stored(server) == before
    assert not list(server.home.parent.glob("*.csv"))


def test_a_link_in_place_of_a_file_is_not_followed(
    jobserver: Jobserver, server: Served, kept: str, tmp_path: Path
) -> None:
    path = max((server.home / "files" / "datafiles").iterdir(), key=lambda one: one.stat().st_mtime_ns)
    (tmp_path / "secret.csv").write_text("a,b\nhidden,1\n")
    path.unlink()
    path.symlink_to(tmp_path / "secret.csv")
    assert "hidden" not in message(jobserver.send("GET", f"/datafile/{kept}?format=csv"), 400)
    told = jobserver.told("PUT", "/job", {"script_name": "seen", "datafile": kept}, status=201)
    jobserver.refused("GET", f"/job/{told['_id']}/run", status=400)
    path.unlink()


def test_content_comes_in_the_documented_formats(jobserver: Jobserver, kept: str) -> None:
    told = {
        name: jobserver.send("GET", f"/datafile/{kept}?format={name}")
        for name in ("csv", "json", "html", "txt")
    }
    assert {answer.status for answer in told.values()} == {200}
    assert not any("application/json" in answer.headers["content-type"] for answer in told.values())
    assert list(csv.reader(io.StringIO(told["csv"].text)))[:2] == [
        ["name", "value", "when"],
        ["ana", "1.5", "2020-01-01"],
    ]
    assert list(csv.reader(io.StringIO(told["txt"].text), delimiter="\t"))[2] == [
        "<b>ben</b>",
        "",
        "2020-01-02",
    ]
    assert json.loads(told["json"].text) == [
        {"name": "ana", "value": 1.5, "when": "2020-01-01"},
        {"name": "<b>ben</b>", "value": None, "when": "2020-01-02"},
    ]
    cells = re.findall(r"<t[hd]>(.*?)</t[hd]>", told["html"].text)
    assert [html.unescape(cell) for cell in cells][3:7] == ["ana", "1.5", "2020-01-01", "<b>ben</b>"]
    assert "<b>" not in told["html"].text
    assert "sandbox" in told["html"].headers["content-security-policy"]


def test_content_that_is_no_table_or_an_unknown_format_is_refused(
    jobserver: Jobserver, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_bytes(b"\x00\x01\x02" * 100)
    jobserver.upload("bad.txt", tmp_path / "bad")
    assert message(jobserver.send("GET", "/datafile/bad.txt?format=json"), 400)
    assert "csv, json, html, txt" in message(jobserver.send("GET", "/datafile/bad.txt?format=xml"), 400)
    jobserver.told("DELETE", "/datafile/bad.txt")


def test_files_are_listed_and_deleted_together(jobserver: Jobserver, rows: Path) -> None:
    assert jobserver.told("DELETE", "/datafiles")["acknowledged"] is True
    for name in ("b.txt", "a.csv"):
        jobserver.upload(name, rows)
    told = jobserver.told("GET", "/datafiles")
    assert (told["found"], [each["name"] for each in told["files"]]) == (2, ["a.csv", "b.txt"])
    assert set(told["files"][0]) == {"type", "path", "name", "size"}
    assert jobserver.told("DELETE", "/datafiles")["deleted"] == 2
    assert jobserver.told("GET", "/datafiles") == {"found": 0, "files": []}


def test_stored_data_is_created_changed_listed_and_deleted(jobserver: Jobserver) -> None:
    body = {
        "datatype": "timeseries",
        "data": {"t": [1, 2], "v": [0.5, None]},
        "site": "A",
        "_id": "x",
        "created": 1,
    }
    told = jobserver.told("PUT", "/data/wind", body, status=201)
    assert (told["_id"], told["datatype"], told["site"], "data" in told) == ("wind", "timeseries", "A", False)
    jobserver.refused("PUT", "/data/wind", body, status=409)
    assert jobserver.told("GET", "/data/wind") == told | {"data": body["data"]}
    assert jobserver.told("POST", "/data/wind", {"data": {"v": [1]}, "unit": "m/s"}) == {"acknowledged": True}
    changed = jobserver.told("GET", "/data/wind")
    assert (changed["data"], changed["site"], changed["unit"]) == ({"v": [1]}, "A", "m/s")
    assert changed["edited"] > changed["created"]
    jobserver.refused("POST", "/data/wind", {"data": 7}, status=400)
    made = jobserver.told("PUT", "/data", {"data": [1]}, status=201)
    listed = jobserver.told("GET", "/data")
    assert {each["_id"] for each in listed["data"]} == {"wind", made["_id"]}
    assert not any("data" in each for each in listed["data"])
    assert jobserver.told("DELETE", "/data/wind") == {"acknowledged": True}
    for method in ("GET", "POST", "DELETE"):
        jobserver.refused(method, "/data/wind", {}, status=404)
    assert jobserver.told("DELETE", "/data")["deleted"] == 1
    assert jobserver.told("GET", "/data")["found"] == 0


def test_a_script_gets_the_path_of_a_data_file(jobserver: Jobserver, kept: str) -> None:
    told = jobserver.ran({"script_name": "seen", "data": {"type": "datafile", "name": kept}})
    assert told["result"]["type"] == "str", told
    assert told["result"]["data"].endswith("/kept.csv")
    assert told["data"] == {
        "type": "datafile",
        "path": "/datafile/kept.csv",
        "name": kept,
        "size": "58 bytes",
    }


@pytest.mark.parametrize("datatype", ["timeseries", "dataframe"])
def test_a_script_gets_a_data_frame_of_stored_tables(jobserver: Jobserver, datatype: str) -> None:
    body: dict[str, Any] = {"datatype": datatype, "data": {"z": [1, 2], "a": ["x", "y"]}}
    id_ = jobserver.told("PUT", "/data", body, status=201)["_id"]
    told = jobserver.ran({"script_name": "seen", "data": {"type": "mongodb", "id": id_}})
    assert (told["result"]["type"], told["result"]["columns"]) == ("DataFrame", "['z', 'a']"), told
    assert told["data"].items() >= {"type": "mongodb", "id": id_, "datatype": datatype}.items()
    jobserver.told("DELETE", f"/data/{id_}")


def test_a_script_gets_other_stored_data_as_it_is(jobserver: Jobserver) -> None:
    jobserver.told("PUT", "/data/raw", {"data": {"a": {"b": [1]}}}, status=201)
    told = jobserver.ran({"script_name": "seen", "data": {"type": "mongodb", "id": "raw"}})
    assert (told["result"]["type"], told["result"]["data"]) == ("dict", {"a": {"b": "[1]"}})
    jobserver.told("DELETE", "/data/raw")


def test_a_script_gets_raw_data_as_it_is(jobserver: Jobserver) -> None:
    for body in ({"raw_data": [1, "x"]}, {"data": {"type": "raw_data", "data": [1, "x"]}}):
        told = jobserver.ran({"script_name": "seen", **body})
        assert told["result"]["data"] == "[1, 'x']"


def test_a_script_may_want_no_data(jobserver: Jobserver) -> None:
    assert jobserver.ran({"script_name": "seven"})["result"] == "7.0"


def test_a_data_frame_comes_back_as_its_columns(jobserver: Jobserver) -> None:
    told = jobserver.ran({"script_name": "frame", "raw_data": 1})
    assert told["result"] == {"a": "[1, 2]", "b": "[0.5, None]"}


def test_data_that_is_gone_is_told_before_the_start(jobserver: Jobserver) -> None:
    for data in ({"datafile": "gone.csv"}, {"data": {"type": "mongodb", "id": "gone"}}):
        id_ = jobserver.told("PUT", "/job", {"script_name": "seen", **data}, status=201)["_id"]
        assert "gone" in jobserver.refused("GET", f"/job/{id_}/run", status=404)
