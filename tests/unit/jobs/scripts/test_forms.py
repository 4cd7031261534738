"""A signature and a docstring become a schema and a form, and a filled form becomes arguments."""

from __future__ import annotations

from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

import jsonschema_rs
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import Field

from shoal.jobs.scripts.docstrings import read_docstring
from shoal.jobs.scripts.form import filled, form_of
from shoal.jobs.scripts.hints import hint_text, wanted
from shoal.jobs.scripts.schema import schema_of
from shoal.jobs.scripts.signature import data_parameter, parameters_of


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


def everything(
    table: pd.DataFrame,
    n: int,
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5,
    name: str = "x",
    flag: bool = False,
    pick: Literal["a", "b"] = "a",
    size: Size = Size.SMALL,
    level: Literal[1, 2] = 1,
    by: str = "",
    columns: list[str] | None = None,
    group: Annotated[str, "column"] = "",
    numbers: list[float] = [],  # noqa: B006
    words: Optional[list[str]] = None,  # noqa: UP045
    more: dict[str, Any] | None = None,
    day: date | None = None,
    either: Union[int, str] = 1,  # noqa: UP007
) -> None:
    """Do everything.

    Args:
        table: The rows.
        n (int): How many,
            at least one.
        share: How much.
    """


def form() -> dict[str, Any]:
    parameters = parameters_of(everything)
    data = data_parameter(parameters)
    return form_of(parameters, data, schema_of("everything", "", parameters, data))


def test_each_parameter_becomes_the_widget_of_its_type() -> None:
    found = form()
    assert found["data"]["field"] == "table" and found["data"]["needed"]
    widgets = {one["field"]: one["widget"] for one in found["fields"]}
    assert widgets == {
        "n": "number",
        "share": "number",
        "name": "text",
        "flag": "checkbox",
        "pick": "select",
        "size": "select",
        "level": "select",
        "by": "column",
        "columns": "columns",
        "group": "column",
        "numbers": "list",
        "words": "list",
        "more": "json",
        "day": "date",
        "either": "text",
    }
    fields = {one["field"]: one for one in found["fields"]}
    assert fields["n"] == {
        "field": "n",
        "label": "N",
        "needed": True,
        "default": None,
        "help": "How many, at least one.",
        "widget": "number",
        "type": "integer",
        "step": 1,
    }
    assert (fields["share"]["min"], fields["share"]["below"], fields["share"]["default"]) == (0, 1, 0.5)
    assert fields["size"]["choices"] == ["small", "large"] and fields["size"]["default"] == "small"


def test_a_filled_form_means_arguments_and_says_what_is_wrong() -> None:
    given = {
        "n": ["3"],
        "share": ["0.25"],
        "flag": ["on"],
        "level": ["2"],
        "columns": ["a", "b"],
        "numbers": ["1, 2.5"],
        "words": ["x,\ny"],
        "more": ['{"a": 1}'],
        "name": [" "],
    }
    arguments, wrong = filled(form(), given)
    assert wrong == {}
    assert arguments == {
        "n": 3,
        "share": 0.25,
        "flag": True,
        "level": 2,
        "columns": ["a", "b"],
        "numbers": [1.0, 2.5],
        "words": ["x", "y"],
        "more": {"a": 1},
    }
    arguments, wrong = filled(form(), {"share": ["much"], "numbers": ["1, x"], "more": ["{"]})
    assert arguments == {"flag": False}
    assert set(wrong) == {"n", "share", "numbers", "more"} and wrong["n"] == "This is needed."


def test_the_schema_is_one_and_fits_what_may_be_given() -> None:
    parameters = parameters_of(everything)
    schema = schema_of("everything", "Do.", parameters, data_parameter(parameters))
    jsonschema_rs.meta.validate(schema)
    check = jsonschema_rs.Draft202012Validator(schema)
    assert check.is_valid({"n": 1, "size": "large", "columns": None, "numbers": [1]})
    for wrong in ({}, {"n": "x"}, {"n": 1, "share": 1}, {"n": 1, "size": "huge"}, {"n": 1, "other": 2}):
        assert not check.is_valid(wrong)


GOOGLE = """Do it.

    More words: not a list.

    Args:
        first: One
            thing.
        second (int, optional): Another: with a colon.
        *rest: The rest.

    Returns:
        third: no parameter.
    """
NUMPY = """Do it.

    Parameters
    ----------
    first : int
        One
        thing.
    second, more : str
        Another: with a colon.

    Returns
    -------
    third : int
        No parameter.
    """
SPHINX = """Do it.

    :param first: One
        thing.
    :param int second: Another: with a colon.
    :returns: no parameter.
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_parameters_are_found_in_docstrings_of_every_manner(text: str) -> None:
    def documented() -> None: ...

    documented.__doc__ = text
    found = read_docstring(documented)
    assert found.summary == "Do it."
    assert found.parameters["first"] == "One thing."
    assert found.parameters["second"] == "Another: with a colon."
    assert "third" not in found.parameters


@pytest.mark.parametrize(
    ("hint", "sort", "text"),
    [
        (int, "plain", "int"),
        (str, "text", "str"),
        (Path, "path", "Path"),
        (str | Path, "path", "str | Path"),
        (Optional[pd.DataFrame], "frame", "pandas.DataFrame | None"),  # noqa: UP045
        (pa.Table, "table", "pyarrow.Table"),
        (Annotated[Path, "x"], "path", "Path"),
        (dict[str, list[int]], "mapping", "dict[str, list[int]]"),
        (tuple[int, ...], "sequence", "tuple[int, ...]"),
        (Literal["a", 1], "plain", "Literal['a', 1]"),
        ("pd.DataFrame | None", "frame", "pd.DataFrame | None"),
        (Any, "any", "Any"),
    ],
)
def test_a_hint_says_what_sort_of_thing_it_asks_for(hint: Any, sort: str, text: str) -> None:
    assert (wanted(hint), hint_text(hint)) == (sort, text)


def test_data_goes_to_a_first_parameter_that_asks_for_it() -> None:
    def named(df_or_path, k: int = 2) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
    def hinted(x: Path) -> None: ...
    def texts(path: str) -> None: ...
    def plain(n: int) -> None: ...
    def greeting(name: str) -> None: ...
    def keyword(*, data: Path) -> None: ...
    def empty() -> None: ...

    found = [
        data_parameter(parameters_of(one)) for one in (named, hinted, texts, plain, greeting, keyword, empty)
    ]
    names = [one.name if one else None for one in found]
    assert names == ["df_or_path", "x", "path", None, None, None, None]
