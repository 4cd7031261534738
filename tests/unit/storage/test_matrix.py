from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from shoal.base.errors import InvalidInput
from shoal.storage.matrix import matrix

TABLE = pa.table(
    {
        "a": pa.chunked_array([[1.0, None], [3.0, 4.0]]),
        "b": pa.array([10, 20, None, 40]),
        "word": ["x", "y", "z", "w"],
        "empty": pa.nulls(4, pa.float64()),
        "huge": [1.0, 2.0, 3.0, 1e200],
    }
)


def test_rows_with_gaps_are_left_out_and_the_others_known() -> None:
    found = matrix(TABLE, ["b", "a"])
    assert found.values.tolist() == [[10, 1], [40, 4]]
    assert found.rows.tolist() == [0, 3]
    assert (found.dropped, found.filled) == (2, 0)
    assert found.values.dtype == np.float64
    assert found.values.flags.c_contiguous


def test_gaps_are_filled_with_the_median() -> None:
    found = matrix(TABLE, ["a", "b"], "impute")
    assert found.values.tolist() == [[1, 10], [3, 20], [3, 20], [4, 40]]
    assert (found.rows.tolist(), found.dropped, found.filled) == ([0, 1, 2, 3], 0, 2)


def test_labels_are_spread_over_the_tables_rows() -> None:
    assert matrix(TABLE, ["a", "b"]).spread(np.array([7, 5])).to_pylist() == [7, None, None, 5]


@pytest.mark.parametrize(
    ("columns", "missing", "fact"),
    [
        ([], "drop", "Choose at least one column"),
        (["c"], "drop", "There is no column c"),
        (["word"], "drop", "holds no numbers"),
        (["empty"], "drop", "Every row has a missing value"),
        (["a", "empty"], "impute", "empty is empty, so it has no median"),
        (["a", "huge"], "drop", r"Column huge: 1e\+200 is too large"),
    ],
)
def test_what_cannot_be_a_matrix_is_refused(columns: list[str], missing: str, fact: str) -> None:
    with pytest.raises(InvalidInput, match=fact):
        matrix(TABLE, columns, missing)  # type: ignore[arg-type]


def test_the_table_is_not_changed() -> None:
    before = TABLE.to_pydict()
    matrix(TABLE, ["a", "b"], "impute")
    assert TABLE.to_pydict() == before
