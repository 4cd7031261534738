"""Parts of the pages of jobs: tables of results, secrets, forms as requests."""

from __future__ import annotations

from typing import Any

import pytest

from shoal.jobs.model import Attempt
from shoal.jobs.requests.request import read
from shoal.jobs.scripts.script import Script
from shoal.jobs.states import State
from shoal.server.pages.job.asking import body_of, texts_of
from shoal.server.pages.job.result_view import COLUMNS, ROWS, grid_of, result_view
from shoal.server.pages.job.secrets import HIDDEN, is_secret, without_secrets
from shoal.server.pages.job.timeline import timeline
from shoal.server.pages.scripts.arguments import arguments_of, fields_of
from shoal.server.pages.scripts.sources import chosen, kinds_for, texts_of_data


@pytest.mark.parametrize(
    ("value", "names", "lines"),
    [
        ({"a": [1, 2], "b": ["x", None]}, ["a", "b"], [["1", "x"], ["2", ""]]),
        ([{"a": 1}, {"b": 2.5}], ["a", "b"], [["1", ""], ["", "2.5"]]),
        ({"x": {"mean": -1.5}, "y": {"mean": 2}}, ["", "mean"], [["x", "\N{MINUS SIGN}1.5"], ["y", "2"]]),
    ],
)
def test_what_is_a_table_is_shown_as_one(value: Any, names: list[str], lines: list[list[str]]) -> None:
    grid = grid_of(value)
    assert grid is not None
    assert (grid.names, grid.lines) == (names, lines)


@pytest.mark.parametrize(
    "value",
    [None, 3, "text", [], {}, [1, 2], {"a": [1], "b": [1, 2]}, {"a": 1}, {"a": [[1]]}, [{}]],
)
def test_what_is_no_table_is_not(value: Any) -> None:
    assert grid_of(value) is None
    assert result_view({"value": value}).grid is None


def test_a_large_table_is_shown_in_part() -> None:
    grid = grid_of({f"c{n}": list(range(1000)) for n in range(100)})
    assert grid is not None
    assert (grid.rows, grid.columns) == (1000, 100)
    assert (len(grid.lines), len(grid.names)) == (ROWS, COLUMNS)


@pytest.mark.parametrize(
    "name", ["API_TOKEN", "db_password", "SECRET", "AWS_ACCESS_KEY_ID", "apikey", "Authorization"]
)
def test_secrets_are_known_by_their_names(name: str) -> None:
    assert is_secret(name)
    assert without_secrets({"a": [{name: "hush", "b": 1}]}) == {"a": [{name: HIDDEN, "b": 1}]}


@pytest.mark.parametrize("name", ["PATH", "passenger", "author", "bypass_rows", "keyboard"])
def test_other_names_are_shown(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("runner", "texts"),
    [
        ("command", {"cmd": "echo 'a b' \"c\"", "env": "A=1\nB=x=y", "labels": "gpu, site", "memory": "512"}),
        ("batch", {"cmd": "echo {{.}}", "start": "0", "stop": "9", "step": "3", "fail_fast": "yes"}),
        ("container", {"image": "ubuntu:24.04", "pull": "always", "priority": "5", "array": "0-9%2"}),
        ("command", {"cmd": "true", "attempts": "5", "retry_on": "exit:75, timeout", "timeout": "2.5"}),
        ("command", {"cmd": "true", "resources": "cpu=2, gpu=1", "webhook": "https://example.org/x"}),
    ],
)
def test_a_form_says_the_same_again_when_it_is_filled_in_from_its_request(
    runner: str, texts: dict[str, str]
) -> None:
    body, errors = body_of(runner, texts)
    assert errors == {}
    read(body)
    again, errors = body_of(runner, texts_of(body))
    assert (again, errors) == (body, {})


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("cmd", "echo 'open"),
        ("env", "no equals"),
        ("timeout", "soon"),
        ("after", "7, x"),
        ("resources", "gpu"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(field: str, said: str) -> None:
    _, errors = body_of("command", {"cmd": "true", field: said})
    assert list(errors) == [field]


def test_attempts_stand_on_one_line_with_the_waits_between() -> None:
    def attempt(number: int, leased: int, ended: int | None) -> Attempt:
        return Attempt(
            1, number, 1, number, State.FAILED, "w", "h", leased, leased, ended, None, None, None, None, None
        )

    line = timeline([attempt(1, 1_000_000, 2_000_000), attempt(2, 5_000_000, 6_000_000)], 1)
    assert [(bar.seconds, bar.pause) for bar in line.bars] == [(1.0, None), (1.0, 3.0)]
    assert line.bars[0].left == 0
    assert line.bars[1].left + line.bars[1].wide == pytest.approx(1)
    assert timeline([attempt(n, n, n + 1) for n in range(1, 100)], 1).left_out == 69


FORM: dict[str, Any] = {
    "data": {"field": "t", "label": "T", "needed": False, "help": "", "accepts": ["datafile", "raw_data"]},
    "fields": [
        {"field": "k", "label": "K", "needed": True, "default": None, "help": "How many.", "widget": "number",
         "type": "integer", "step": 1, "min": 1, "max": 9},
        {"field": "by", "label": "By", "needed": False, "default": "a", "help": "", "widget": "column"},
        {"field": "on", "label": "On", "needed": False, "default": True, "help": "", "widget": "checkbox"},
    ],
}  # fmt: skip


def script() -> Script:
    return Script("s", "src", "m", "s", "", "", [], {}, FORM, "t", "", "")


def test_the_fields_of_a_script_are_read_back_as_arguments() -> None:
    fields = {field.name: field for field in fields_of(script(), ("a", "b"))}
    assert fields["arg-k"].hint == "How many. Whole number, 1 to 9, needed."
    assert (fields["arg-by"].usual, fields["arg-by"].options, fields["arg-on"].usual) == (
        "a",
        ("a", "b"),
        "yes",
    )
    assert arguments_of(script(), {"arg-k": "3", "arg-by": "a", "arg-on": "yes"}) == ({"k": 3}, {})
    assert arguments_of(script(), {"arg-k": "3", "arg-by": "b"}) == ({"k": 3, "by": "b", "on": False}, {})


@pytest.mark.parametrize(
    ("said", "words"), [("", "needed"), ("x", "not a whole number"), ("10", "1 to 9"), ("0", "1 to 9")]
)
def test_a_wrong_argument_is_said_at_its_field(said: str, words: str) -> None:
    _, errors = arguments_of(script(), {"arg-k": said})
    assert words in errors["arg-k"]


def test_data_is_chosen_and_shown_again() -> None:
    assert kinds_for(FORM["data"]) == ["datafile", "upload", "raw_data", "result", "none"]
    for data in (
        {"type": "datafile", "name": "a.csv"},
        {"type": "raw_data", "data": {"a": [1, None]}},
        {"type": "raw_data", "data": "text"},
        {"type": "result", "job": 7},
    ):
        texts = texts_of_data(data)
        assert chosen(texts["data"], texts) == data
    assert chosen("none", {}) is None
    with pytest.raises(ValueError, match="not JSON"):
        chosen("raw_data", {"data-raw_data": "{"})
