from __future__ import annotations

import pytest

from shoal.base import errors
from shoal.base.clock import isoformat
from shoal.base.extras import require
from shoal.base.ids import ALPHABET, LENGTH, new_id


def every_error() -> list[type[errors.ShoalError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    ]


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in every_error())


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(set(codes)) == len(codes)


def test_a_problem_carries_fact_remedy_code_and_details() -> None:
    problem = errors.NotFound("There is no study 7.", hint="See: shoal study list", id="7").as_problem()
    assert problem == {
        "type": "urn:shoal:error:not_found",
        "title": "There is no study 7.",
        "status": 404,
        "code": "not_found",
        "detail": "See: shoal study list",
        "id": "7",
    }


def test_a_missing_extra_names_the_extra() -> None:
    with pytest.raises(errors.MissingExtra, match=r"pip install 'shoal\[fish\]'"):
        require("no_such_module_anywhere", "fish")
    assert require("json", "fish").__name__ == "json"


def test_ids_do_not_repeat_and_are_easy_to_type() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(made) == LENGTH and set(made) <= set(ALPHABET) for made in ids)


def test_times_are_written_in_utc_to_the_microsecond() -> None:
    assert isoformat(1_000_001) == "1970-01-01T00:00:01.000001Z"
