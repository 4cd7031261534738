"""Arguments are held against a signature before a job is queued, with the words of the call itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import InvalidInput
from shoal.jobs.scripts.catalogue import Catalogue
from shoal.jobs.scripts.materials import Material
from tests.support.scripts import called, written

CODE = """
    from datetime import date
    from enum import Enum
    from pathlib import Path
    from typing import Annotated, Literal
    from pydantic import Field

    class Size(Enum):
        SMALL = "small"

    def plain(n: int, share: Annotated[float, Field(gt=0, le=1)] = 0.5, *, flag: bool = False,
              pick: Literal["a", 1] = "a", size: Size | None = None, many: list[int] = [],
              text: str = "", day: date | None = None, more: dict | None = None): ...
    def takes(table: Path, by: str): ...
    def open_to_all(*values, **named): ...
    def nothing(): ...
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("fitting") / "code", fitting=CODE)


@pytest.fixture(scope="module")
def catalogue(code: Path) -> Catalogue:
    return Catalogue([str(code)])


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "data"),
    [
        ("plain", [1], {}, False),
        ("plain", ["3", "0.5"], {"flag": "yes", "size": "small", "many": ["1"], "pick": 1}, False),
        ("plain", [], {"n": 1, "size": None, "day": "2020-02-29", "more": {"a": 1}}, False),
        ("plain", [0.3], {}, True),
        ("takes", ["a"], {}, True),
        ("takes", [], {"table": "a.csv", "by": "b"}, False),
        ("open_to_all", [1, 2], {"a": 3}, True),
        ("nothing", [], {}, False),
    ],
)
def test_what_fits_passes_here_and_there(
    catalogue: Catalogue, code: Path, name: str, args: list[Any], kwargs: dict[str, Any], data: bool
) -> None:
    catalogue.check(name, args, kwargs, has_data=data)
    assert "error" not in called(code, name, _data(data), args, kwargs)


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "data"),
    [
        ("plain", [], {}, False),
        ("plain", ["x"], {}, False),
        ("plain", [1, 0], {}, False),
        ("plain", [1, 2, 3], {}, False),
        ("plain", [1], {"n": 1}, False),
        ("plain", [1], {"pick": "b", "size": "huge", "flag": "perhaps"}, False),
        ("plain", [1], {"many": [1, "x", "y"]}, False),
        ("plain", [1], {"text": 5}, False),
        ("plain", [1], {"other": 5}, False),
        ("plain", [2.5], {"n": 1}, True),
        ("takes", [], {"by": "a"}, False),
        ("takes", [], {}, True),
        ("nothing", [], {}, True),
    ],
)
def test_what_does_not_fit_is_refused_here_and_there_in_the_same_words(
    catalogue: Catalogue, code: Path, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], data: bool
) -> None:
    with pytest.raises(InvalidInput) as refused:
        catalogue.check(name, args, kwargs, has_data=data)
    there = called(code, name, _data(data), args, kwargs)["error"]
    assert refused.value.error_code == "wrong_arguments" == there["code"]
    assert (refused.value.message, refused.value.details["errors"]) == (there["message"], there["errors"])


def _data(wanted: bool) -> Material | None:
    return Material("raw_data", value="1") if wanted else None
