"""Functions get their data as their first hint asks for it, and wrong arguments are refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shoal.jobs.scripts.materials import Material
from tests.support.scripts import called, csv_file, written

TAKERS = """
    from __future__ import annotations
    from pathlib import Path
    from typing import TYPE_CHECKING
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    if TYPE_CHECKING:
        from pandas import DataFrame

    def kind(data):
        return type(data).__name__

    def path(data: Path):
        return [type(data).__name__, data.name, data.read_text()[:4]]

    def text(data: str):
        return data

    def frame(data: pd.DataFrame):
        return [type(data).__name__, list(data.columns), float(data["value"].sum())]

    def later_frame(data: DataFrame):
        return type(data).__name__

    def either(data: pd.DataFrame | Path):
        return type(data).__name__

    def table(data: pa.Table):
        return [type(data).__name__, data.column_names, data["value"].to_pylist()]

    def array(data: np.ndarray):
        return [type(data).__name__, list(data.shape)]

    def mapping(data: dict):
        return data

    def rows(data: list):
        return data
"""


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return written(tmp_path / "code", takers=TAKERS)


def test_a_file_is_given_as_the_hint_asks(code: Path, tmp_path: Path) -> None:
    file = csv_file(tmp_path / "job")
    values = [1.5, 2.5, 4.0]
    assert called(code, "path", file)["value"] == ["PosixPath", "series.csv", "date"]
    assert called(code, "text", file)["value"] == str(tmp_path / "job" / "series.csv")
    assert called(code, "frame", file)["value"] == ["DataFrame", ["date", "value"], 8.0]
    assert called(code, "later_frame", file)["value"] == "DataFrame"
    assert called(code, "either", file)["value"] == "DataFrame"
    assert called(code, "table", file)["value"] == ["Table", ["date", "value"], values]
    assert called(code, "array", file)["value"] == ["ndarray", [3, 1]]
    assert called(code, "mapping", file)["value"]["value"] == values
    assert called(code, "rows", file)["value"][2]["value"] == 4.0


def test_without_a_hint_data_is_given_as_jobserver_gave_it(code: Path, tmp_path: Path) -> None:
    job = tmp_path / "job"
    file = csv_file(job)
    (job / "o.json").write_text(json.dumps({"value": [1, 2]}))
    assert called(code, "kind", file)["value"] == "str"
    assert called(code, "kind", Material("object", "o", "o.json", "dataframe"))["value"] == "DataFrame"
    assert called(code, "kind", Material("object", "o", "o.json", "timeseries"))["value"] == "DataFrame"
    assert called(code, "kind", Material("object", "o", "o.json", "raw"))["value"] == "dict"
    for raw in ({"a": 1}, [1], "text", 5, None):
        assert called(code, "kind", Material("raw_data", value=raw))["value"] == type(raw).__name__


def test_values_are_given_as_the_hint_asks(code: Path) -> None:
    columns = Material("raw_data", value={"value": [1.0, 2.0]})
    rows = Material("raw_data", value=[{"value": 1.0}, {"value": 2.0}])
    for data in (columns, rows):
        assert called(code, "frame", data)["value"] == ["DataFrame", ["value"], 3.0]
        assert called(code, "table", data)["value"] == ["Table", ["value"], [1.0, 2.0]]
    assert called(code, "text", Material("raw_data", value="as it is"))["value"] == "as it is"
    assert called(code, "path", columns)["value"] == ["PosixPath", "data.json", '{"va']
    assert called(code, "mapping", columns)["value"] == {"value": [1.0, 2.0]}


def test_data_that_cannot_be_given_so_is_refused(code: Path, tmp_path: Path) -> None:
    refused = called(code, "mapping", Material("raw_data", value=[1]))["error"]
    assert refused["kind"] == "refused"
    assert refused["message"] == "The raw data cannot be given as a JSON object: it is a list."
    ragged = called(code, "frame", Material("raw_data", value={"a": [1], "b": [1, 2]}))["error"]
    assert ragged["code"] == "wrong_data"
    broken = called(code, "table", csv_file(tmp_path / "job", "a,b\n1,2\n3\n"))["error"]
    assert broken["kind"] == "refused"


ARGUMENTS = """
    from datetime import date
    from enum import Enum
    from typing import Annotated, Literal
    from pydantic import Field

    class Size(Enum):
        SMALL = "small"
        LARGE = "large"

    def all_of(n: int, share: Annotated[float, Field(ge=0, le=1)] = 0.5, *, name: str = "x",
               flag: bool = False, many: list[int] = [], pick: Literal["a", "b"] = "a",
               size: Size = Size.SMALL, day: date | None = None):
        return [n, share, name, flag, many, pick, size, day]

    def nothing():
        return "done"

    def any_of(*values, **named):
        return [values, named]

    def on_init(app):
        global ready
        ready = True

    def is_ready() -> bool:
        return ready

    async def later(n: int) -> int:
        return n + 1
"""


@pytest.fixture
def arguments(tmp_path: Path) -> Path:
    return written(tmp_path / "code", arguments=ARGUMENTS)


def test_arguments_become_what_the_hints_say(arguments: Path) -> None:
    given = {"n": "3", "share": 1, "flag": "true", "many": ["1", 2], "size": "large", "day": "2020-02-29"}
    result = called(arguments, "all_of", kwargs=given)
    assert result["value"] == [3, 1.0, "x", True, [1, 2], "a", "large", "2020-02-29"]
    assert called(arguments, "all_of", args=[3])["value"][:2] == [3, 0.5]
    assert called(arguments, "nothing")["value"] == "done"
    assert called(arguments, "any_of", args=[1, 2], kwargs={"a": 3})["value"] == [[1, 2], {"a": 3}]
    assert called(arguments, "any_of", Material("raw_data", value=0), [1])["value"] == [[0, 1], {}]
    assert called(arguments, "later", kwargs={"n": 1})["value"] == 2


def test_every_wrong_argument_is_named(arguments: Path) -> None:
    given = {"n": "three", "share": 2, "many": [1, "x"], "size": "huge", "pick": "c"}
    refused = called(arguments, "all_of", kwargs=given)["error"]
    assert refused["kind"] == "refused" and "traceback" not in refused
    found = {one["pointer"]: one["message"] for one in refused["errors"]}
    assert list(found) == ["/kwargs/n", "/kwargs/share", "/kwargs/many/1", "/kwargs/pick", "/kwargs/size"]
    assert found["/kwargs/share"] == "it should be less than or equal to 1"


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "said"),
    [
        ("all_of", [], {}, "missing a required argument: 'n'"),
        ("all_of", [1, 2, 3], {}, "too many positional arguments"),
        ("all_of", [1], {"n": 2}, "multiple values for argument 'n'"),
        ("all_of", [1], {"nn": 2}, "unexpected keyword argument 'nn'"),
        ("nothing", [1], {}, "too many positional arguments"),
        ("no_such", [], {}, "There is no function no_such"),
    ],
)
def test_a_call_that_does_not_fit_is_refused_in_words(
    arguments: Path, name: str, args: list[object], kwargs: dict[str, object], said: str
) -> None:
    refused = called(arguments, name, args=args, kwargs=kwargs)["error"]
    assert refused["kind"] == "refused"
    assert said in refused["message"] and "traceback" not in refused


def test_data_for_a_function_without_parameters_is_refused_and_missing_data_too(
    arguments: Path, code: Path
) -> None:
    refused = called(arguments, "nothing", Material("raw_data", value=1))["error"]
    assert refused["message"] == "nothing takes no data."
    missing = called(code, "frame")["error"]
    assert missing["message"] == "frame needs data."
    assert missing["errors"] == [{"in": "body", "pointer": "/data", "message": "This is needed."}]


def test_the_hook_of_a_source_runs_before_its_functions(arguments: Path) -> None:
    assert called(arguments, "is_ready")["value"] is True


def test_equal_seeds_give_equal_random_numbers(tmp_path: Path) -> None:
    text = """
        import random
        import numpy
        def draw():
            return [random.random(), numpy.random.random()]
    """
    code = written(tmp_path / "code", drawing=text)
    one, same, other = (called(code, "draw", seed=seed)["value"] for seed in (7, 7, 8))
    assert one == same != other
    assert called(code, "draw")["value"] != called(code, "draw")["value"]


def test_what_a_function_raises_is_told_from_where_its_own_code_begins(tmp_path: Path) -> None:
    text = """
        import sys
        def outer(n: int):
            return inner(n)
        def inner(n):
            return 1 / n
        def leave():
            sys.exit(3)
        def fill():
            raise MemoryError
    """
    code = written(tmp_path / "code", failing=text)
    failed = called(code, "outer", args=[0])["error"]
    assert (failed["kind"], failed["type"], failed["message"]) == (
        "error",
        "ZeroDivisionError",
        "division by zero",
    )
    trace = failed["traceback"]
    assert trace.index("in outer") < trace.index("in inner") and "calling.py" not in trace
    assert called(code, "leave")["error"]["message"] == "It ended itself with exit code 3."
    assert called(code, "fill")["error"]["kind"] == "memory"


def test_a_name_with_brackets_is_called_for_each_item(arguments: Path, code: Path) -> None:
    items = Material("raw_data", value=[1, 2, "three", 4])
    result = called(arguments, "later[]", items)
    assert result["value"] == [2, 3, None, 5] and result["type"] == "list"
    (failed,) = result["failed"]
    assert (failed["item"], failed["error"]["kind"]) == (2, "refused")
    assert called(code, "kind[]", Material("raw_data", value=[1, "a", {}]))["value"] == ["int", "str", "dict"]
    refused = called(code, "kind[]", Material("raw_data", value={"a": 1}))["error"]
    assert "a JSON list" in refused["message"]
