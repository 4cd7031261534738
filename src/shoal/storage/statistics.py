"""What a column's values look like: a small histogram of numbers, the most frequent words of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from shoal.storage.arrow_values import floats
from shoal.storage.columns import Column
from shoal.storage.words import shown

BINS = 20
MOST_WORDS = 8
LONGEST_WORD = 80


@dataclass(frozen=True, slots=True)
class Histogram:
    """Count numbers in bins of one width: bin i holds `edges[i]` to `edges[i + 1]`, the last both ends."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Statistics:
    """Describe a column: a `histogram` of its numbers, or its `top` words with their counts."""

    column: Column
    histogram: Histogram | None
    top: list[tuple[str, int]] | None


def statistics(table: Any, columns: Sequence[Column]) -> list[Statistics]:
    """Return the statistics of the columns of a `pyarrow.Table`, in their order."""
    return [_of(table.column(column.name), column) for column in columns]


def _of(values: Any, column: Column) -> Statistics:
    if column.is_number:
        return Statistics(column, _histogram(values), None)
    return Statistics(column, None, _top(values) if column.kind in ("text", "date", "boolean") else None)


def _histogram(values: Any) -> Histogram | None:
    numbers = floats(values)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        return Histogram([low, high], [len(numbers)])
    # Halved, because the width of a span from -1e308 to 1e308 is no float.
    edges = 2.0 * np.linspace(low / 2.0, high / 2.0, BINS + 1)
    edges[0], edges[-1] = low, high
    if not (np.diff(edges) > 0).all():  # Neighbouring floats have nothing between them.
        return Histogram([low, high], [len(numbers)])
    counts, _ = np.histogram(numbers, edges)
    return Histogram(edges.tolist(), counts.tolist())


def _top(values: Any) -> list[tuple[str, int]]:
    if kinds.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    counted = pc.value_counts(values.drop_null())
    counts = np.from_dlpack(counted.field("counts")).astype(np.int64)
    # Equal counts stand in the order in which the words came.
    first = np.argsort(-counts, kind="stable")[:MOST_WORDS]
    words = counted.field("values")
    return [(shown(_text(words[int(i)].as_py()), LONGEST_WORD), int(counts[i])) for i in first]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def cells(table: Any, offset: int, limit: int) -> list[list[Any]]:
    """Return rows of a `pyarrow.Table` as lists of JSON-able values, None for what is missing."""
    part: pa.Table = table.slice(offset, limit)
    columns = [[_cell(value) for value in column.to_pylist()] for column in part.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return _text(value)
