"""Jobserver's guide, from its first request to the summary, by curl against the documented port."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas
import pytest

from tests.support.curl import curl
from tests.support.jobserver import Jobserver, timeseries
from tests.support.ports import held_port
from tests.support.server import running_server

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}"
HOST = "http://localhost:5000"


def test_the_guide_works_from_its_first_request_to_the_summary(tmp_path: Path) -> None:
    file = tmp_path / "timeseries.csv"
    file.write_text(timeseries())
    with held_port(5000) as address, running_server(tmp_path / "home", listen=[address]):
        the_first_request()
        form = ("-F", f"file=@{file}")
        uploaded = curl("-XPUT", *form, f"{HOST}/datafile/timeseries.csv")
        assert uploaded.status == 201, uploaded.text
        the_basic_example(file)


def the_first_request() -> None:
    answer = curl("-XPUT", f"{HOST}/job/dk4me73jw6r", "-d", '{"foo": "bar"}')
    told = json.loads(answer.text)
    assert answer.status == 201
    assert re.fullmatch(TIME, told.pop("created"))
    expected = {"_id": "dk4me73jw6r", "finished": "None", "foo": "bar", "result": "None", "started": "None"}
    assert told == expected


def the_basic_example(file: Path) -> None:
    answer = curl("-XPUT", f"{HOST}/job", "-d", '{"script_name": "summary"}')
    told = json.loads(answer.text)
    assert (answer.status, told["script_name"], told["result"]) == (201, "summary", "None")
    id_ = told["_id"]
    assert re.fullmatch("[0-9a-f]{24}", id_)

    answer = curl("-XPOST", f"{HOST}/job/{id_}", "-d", '{"datafile": "timeseries.csv"}')
    told = json.loads(answer.text)
    assert (answer.status, told["datafile"], told["started"]) == (200, "timeseries.csv", "None")
    assert re.fullmatch(TIME, told["edited"])

    answer = curl("-XGET", f"{HOST}/job/{id_}/run")
    told = json.loads(answer.text)
    assert answer.status == 202, answer.text
    assert re.fullmatch(TIME, told["started"])
    assert told["script"] == {"args": "[]", "kwargs": {}, "name": "summary"}
    size = f"{round(file.stat().st_size / 1024)} KB"
    path = "/datafile/timeseries.csv"
    assert told["data"] == {"name": "timeseries.csv", "path": path, "size": size, "type": "datafile"}

    told = Jobserver(HOST).ended(id_)
    expected = pandas.read_csv(file)["value"].describe()
    assert list(told["result"]) == ["value"]
    assert {name: float(text) for name, text in told["result"]["value"].items()} == pytest.approx(
        expected.to_dict(), rel=1e-12
    )
    assert told["result"]["value"]["count"] == "12000.0"
    assert told["created"] < told["started"] < told["finished"] <= told["edited"]
    assert float(told["time_sec"]) > 0
