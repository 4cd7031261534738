"""The request that options of `shoal job run` mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput
from shoal.cli.job_options import requested, with_words
from shoal.jobs.requests.request import read


def request(words: list[str] | None = None, **options: Any) -> dict[str, Any]:
    return with_words(requested(options), words)


@pytest.mark.parametrize(
    ("options", "words", "wanted"),
    [
        ({}, ["echo", "hi"], {"runner": "command", "cmd": ["echo", "hi"]}),
        ({"script": "f"}, ["1", "x", "[2]"], {"runner": "function", "script": "f", "args": [1, "x", [2]]}),
        ({"file": "f"}, ["1"], {"runner": "file", "script": "f", "args": ["1"]}),
        ({"image": "i"}, None, {"runner": "container", "image": "i"}),
        ({"batch": "1-9:2"}, ["x"], {"runner": "batch", "start": 1, "stop": 9, "step": 2, "cmd": ["x"]}),
    ],
)
def test_what_runs_is_told_by_one_option(options: Any, words: Any, wanted: dict[str, Any]) -> None:
    assert request(words, **options) == wanted
    read(wanted)


def test_every_option_has_its_place() -> None:
    made = request(
        ["x"], env=["A=1=2"], data="datafile:a.csv", label=["gpu"], attempts=3, memory="1.5G",
        after=["7:any", "8"],
        at="2030-01-01", key="k", array="0-9%2", name="n", priority=1, timeout=2.0, seed=5, cache=True,
        webhook="https://example.org/x",
    )  # fmt: skip
    assert made["env"] == {"A": "1=2"}
    assert made["data"] == {"type": "datafile", "name": "a.csv"}
    assert made["limits"] == {"memory": 3 << 29}
    assert made["after"] == [{"job": 7, "condition": "any"}, {"job": 8}]
    assert read(made).idempotency_key == "k"


def test_data_is_named_or_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert request(["x"], data=str(tmp_path / "a.csv"))["data"] == tmp_path / "a.csv"
    assert request(["x"], data="result:7")["data"] == {"type": "result", "job": 7}
    assert request(["x"], data="[1, 2]")["data"] == {"type": "raw_data", "data": [1, 2]}
    assert request(["x"], data='{"type": "dataset", "id": "d"}')["data"] == {"type": "dataset", "id": "d"}
    assert request(["x"], data="a text")["data"] == {"type": "raw_data", "data": "a text"}
    assert request(set_=["n=3", "w=x"], script="f")["kwargs"] == {"n": 3, "w": "x"}


@pytest.mark.parametrize(
    "options",
    [
        {"script": "a", "image": "b"},
        {"batch": "ten"},
        {"memory": "much"},
        {"after": ["x"]},
        {"env": ["novalue"]},
        {"set_": ["=3"]},
        {},
    ],
)
def test_what_cannot_be_understood_is_refused(options: Any) -> None:
    with pytest.raises(InvalidInput):
        request(None, **options)
