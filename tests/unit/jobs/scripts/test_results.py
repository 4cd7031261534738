"""Results say what a value was, as JSON."""

from __future__ import annotations

import datetime as dt
import enum
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput
from shoal.jobs.scripts.results import result_of

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Reading:
    site: str
    value: np.float64


@pytest.mark.parametrize(
    ("value", "kind", "plain"),
    [
        (np.float64(1.5), "float64", 1.5),
        (np.int8(3), "int8", 3),
        (np.bool_(True), "bool", True),
        (np.str_("a"), "str_", "a"),
        (np.arange(4).reshape(2, 2), "ndarray", [[0, 1], [2, 3]]),
        (np.array(["2020-02-29"], "datetime64[D]"), "ndarray", ["2020-02-29"]),
        (np.array(7), "ndarray", 7),
        (dt.datetime(2020, 2, 29, 1, tzinfo=dt.UTC), "datetime", "2020-02-29T01:00:00+00:00"),
        (dt.date(2020, 2, 29), "date", "2020-02-29"),
        (dt.timedelta(seconds=90), "timedelta", "0:01:30"),
        (pd.Timestamp("2020-02-29"), "Timestamp", "2020-02-29T00:00:00"),
        (pd.NaT, "NaTType", None),
        (pd.Series([1, 2], index=["a", "b"]), "Series", {"a": 1, "b": 2}),
        (pd.Index([1, 2]), "Index", [1, 2]),
        (pa.array([1, None]), "Int64Array", [1, None]),
        (Decimal("1.10"), "Decimal", "1.10"),
        (Point(1, 2), "Point", {"x": 1, "y": 2}),
        (Reading("a", np.float64(2)), "Reading", {"site": "a", "value": 2.0}),
        (Colour.RED, "Colour", "red"),
        ({3, 1, 2}, "set", [1, 2, 3]),
        ((1, "a"), "tuple", [1, "a"]),
        (range(3), "range", [0, 1, 2]),
        ({1: "a", None: "b", (1, 2): "c"}, "dict", {"1": "a", "null": "b", "(1, 2)": "c"}),
        ((i for i in range(3)), "generator", [0, 1, 2]),
        (Path("/a/b"), "PosixPath", "/a/b"),
        (ValueError("why"), "ValueError", "ValueError: why"),
        (2**70, "int", str(2**70)),
        (1 + 2j, "complex", "(1+2j)"),
        (["a\udc80", Path("\udc80")], "list", ["a\\udc80", "\\udc80"]),
        (None, "NoneType", None),
    ],
    ids=lambda value: None if not isinstance(value, str) else value,
)
def test_a_value_is_told_with_its_type(value: Any, kind: str, plain: Any, tmp_path: Path) -> None:
    result = result_of(value, tmp_path)
    assert (result["type"], result["value"], result["artifact"]) == (kind, plain, "")
    orjson.dumps(result)


def test_what_json_has_no_word_for_is_told_by_its_place(tmp_path: Path) -> None:
    value = {"a/b": [1.0, float("nan")], "c": np.array([np.inf, -np.inf])}
    result = result_of(value, tmp_path)
    assert result["value"] == {"a/b": [1.0, None], "c": [None, None]}
    assert result["special"] == {"nan": ["/a~1b/1"], "inf": ["/c/0"], "-inf": ["/c/1"]}


def test_a_foreign_value_is_shown_and_said_so(tmp_path: Path) -> None:
    class Odd:
        def __repr__(self) -> str:
            return "an odd thing"

    result = result_of([Odd(), 1], tmp_path)
    assert result["value"] == ["an odd thing", 1]
    assert "Odd" in result["note"]


def test_a_value_that_holds_itself_is_refused(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidInput, match="holds itself"):
        result_of(loop, tmp_path)


def test_a_small_data_frame_is_a_dict_of_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2], "when": [pd.Timestamp("2020-01-01"), pd.NaT]})
    result = result_of(frame, tmp_path)
    assert (result["type"], result["rows"], result["columns"]) == ("DataFrame", 2, 2)
    assert result["value"] == {"n": [1, 2], "when": ["2020-01-01T00:00:00", None]}
    named = result_of(frame.set_index(pd.Index(["a", "b"]))[["n"]], tmp_path)
    assert named["value"] == {"n": {"a": 1, "b": 2}}
    described = result_of(pd.DataFrame({"value": [1.0, 3.0]}).describe(), tmp_path)
    assert described["value"]["value"]["mean"] == 2.0


def test_a_large_table_is_in_files_and_its_head_in_the_result(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"n": range(20_000), "mixed": [1, "a"] * 10_000}, index=[f"r{i}" for i in range(20_000)]
    )
    result = result_of(frame, tmp_path)
    assert (result["artifact"], result["artifacts"]) == ("value.arrow", ["value.arrow", "value.csv"])
    assert len(result["value"]["n"]) == 10 and "20,000" in result["note"]
    table = pa.ipc.open_file(str(tmp_path / "value.arrow")).read_all()
    assert table.column_names == ["index", "n", "mixed"]
    assert table["n"].to_pylist() == list(range(20_000))
    assert table["mixed"].to_pylist()[:2] == ["1", "a"]
    assert len((tmp_path / "value.csv").read_text().splitlines()) == 1001
