from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from shoal.base.errors import InvalidInput
from shoal.storage.arrow_files import write_table
from shoal.storage.files import FileStorage
from shoal.studies.model import Source, Study
from shoal.studies.results.comparing import MOST_GROUPS, compare_column, compare_studies
from tests.unit.studies.summaries import study, summary

ROWS = 300


@pytest.fixture
def storage(tmp_path: Path) -> FileStorage:
    return FileStorage(tmp_path / "files")


def kept(storage: FileStorage, labels: Sequence[int], key: str, left_out: Sequence[int] = ()) -> Study:
    """Return a study that found these labels (from 0), with its file in storage."""
    content = io.BytesIO()
    arrays: dict[str, Any] = {
        "labels:diag-tied": np.array(labels),
        "certainty": np.ones(len(labels), np.float32),
        "left_out": np.array(left_out, np.int64),
        "parameters": np.zeros(1, np.uint8),
    }
    np.savez(content, **arrays)
    storage.put(key, [content.getvalue()])
    made = study(summary())
    source: Source = {**made.source, "rows": len(labels) + len(left_out), "key": f"{key}.arrow"}
    return made._replace(id=key, artifact=key, source=source)


def with_column(storage: FileStorage, found: Study, values: Any) -> Study:
    write_table(storage, found.source["key"], pa.table({"truth": values}))
    return found


def test_two_studies_are_as_alike_as_scikit_learn_says(storage: FileStorage) -> None:
    draw = np.random.default_rng(3)
    ours, theirs = draw.integers(4, size=ROWS), draw.integers(12, size=ROWS)
    theirs[ours == 2] = 11
    found = compare_studies(storage, kept(storage, ours.tolist(), "a"), kept(storage, theirs.tolist(), "b"))
    assert found["adjusted_rand"] == pytest.approx(adjusted_rand_score(ours, theirs), abs=1e-12)
    assert found["row_names"] == ["1", "2", "3", "4"]
    assert found["column_names"] == [str(number) for number in range(1, 13)]
    expected = [[int(((ours == i) & (theirs == j)).sum()) for j in range(12)] for i in range(4)]
    assert found["counts"] == expected


def test_rows_that_one_side_left_out_are_not_compared(storage: FileStorage) -> None:
    ours = with_column(storage, kept(storage, [0, 0, 1, 1], "a", [0, 5]), ["x", "x", None, "y", "y", "z"])
    found = compare_column(storage, ours, "truth")
    assert found["rows"] == 3
    assert found["column_names"] == ["x", "y"]
    assert found["counts"] == [[1, 0], [0, 2]]
    assert found["adjusted_rand"] == 1.0


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([10.5, 9.0, 9.0, 100.0], ["9", "10.5", "100"]),
        ([3, 20, 100, 3], ["3", "20", "100"]),
        ([True, False, True, True], ["false", "true"]),
        (["b", "10", "9", "a"], ["9", "10", "a", "b"]),
        (pa.array(["v", "u", "u", "v"]).dictionary_encode(), ["u", "v"]),
    ],
)
def test_groups_stand_numbers_first_and_by_size(storage: FileStorage, values: Any, names: list[str]) -> None:
    ours = with_column(storage, kept(storage, [0, 0, 1, 1], "a"), values)
    assert compare_column(storage, ours, "truth")["column_names"] == names


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([f"n{row}" for row in range(MOST_GROUPS + 1)], "1,001 different values"),
        ([[row] for row in range(MOST_GROUPS + 1)], "cannot be compared"),
        (pa.nulls(MOST_GROUPS + 1, pa.string()), "No row has a group in both."),
    ],
)
def test_what_is_no_grouping_is_refused(storage: FileStorage, values: Any, words: str) -> None:
    ours = with_column(storage, kept(storage, [0] * (MOST_GROUPS + 1), "a"), values)
    with pytest.raises(InvalidInput, match=words):
        compare_column(storage, ours, "truth")
