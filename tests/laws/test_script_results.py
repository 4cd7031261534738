"""What a function returns comes back over JSON: told by one room, read by the other."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.client.calls import Ask
from shoal.client.results import value_of
from shoal.jobs.scripts import results

NUMBERS = st.floats() | st.integers(-(2**63), 2**64 - 1)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
)
# Keys that look like what pointers are made of.
TRICKY = st.dictionaries(st.sampled_from(["", "/", "~", "~1", "0", "a/b"]), st.floats())


def back(value: Any) -> Any:
    """Return what a client gets of a value: its result as JSON, and the files that were left."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = orjson.loads(orjson.dumps(results.result_of(value, folder)))
        call = value_of("/job", result)
        answer = None
        while True:
            try:
                ask = call.send(answer)
            except StopIteration as end:
                return end.value
            assert isinstance(ask, Ask)
            answer = _Response((folder / ask.path.rpartition("/")[2]).read_bytes())


class _Response:
    def __init__(self, content: bytes) -> None:
        self.content = content


def same(one: Any, other: Any) -> bool:
    """Say whether two values are equal, NaN equal to itself, and of the same types."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)


@given(VALUES)
def test_json_and_special_numbers_come_back_as_they_were(value: Any) -> None:
    assert same(back(value), value)


@given(TRICKY)
def test_special_numbers_are_found_under_any_key(value: Any) -> None:
    assert same(back(value), value)


@given(st.binary(max_size=200))
def test_bytes_come_back(value: bytes) -> None:
    assert back(value) == value


@settings(max_examples=5, deadline=None)
@given(st.sampled_from([2_000, 200_000]), st.floats(), st.booleans())
def test_what_is_too_large_for_json_comes_back_from_a_file(length: int, last: float, gaps: bool) -> None:
    numbers: list[Any] = [math.nan if gaps else n for n in range(length)] + [last]
    assert same(back(numbers), numbers)
    assert back(b"x" * length) == b"x" * length


@settings(deadline=None)
@given(st.sampled_from([0, 3, 9_000, 11_000]))
def test_tables_come_back_as_columns(rows: int) -> None:
    import pandas as pd
    import pyarrow as pa

    columns = {"n": list(range(rows)), "x": [i / 2 for i in range(rows)]}
    assert back(pd.DataFrame(columns)) == columns
    assert back(pa.table(columns)) == columns
