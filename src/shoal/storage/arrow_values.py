"""Small Arrow values made from buffers.

`pyarrow.array` and `pyarrow.scalar` import pandas wherever it is installed, which takes half a second and
50 MB of a process that has no use for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def strings(values: Sequence[str | None]) -> Any:
    """Return an array of strings, null where there is None."""
    raw = [(value or "").encode() for value in values]
    offsets = np.array([0, *accumulate(map(len, raw))], np.int32)
    there = _bits(np.array([value is not None for value in values], bool))
    return pa.StringArray.from_buffers(len(raw), pa.py_buffer(offsets), pa.py_buffer(b"".join(raw)), there)


def string(value: str) -> Any:
    """Return a scalar string."""
    return strings([value])[0]


def null(kind: Any) -> Any:
    """Return a scalar of a type that has no value."""
    return pa.nulls(1, kind)[0]


def numbers(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> Any:
    """Return an array of numbers, null where `missing` is true; int64, float64 and other fixed widths."""
    values = np.ascontiguousarray(values)
    there = None if missing is None else _bits(~missing)
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(values.dtype), len(values), [there, pa.py_buffer(values)]
    )


def floats(column: Any) -> NDArray[np.float64]:
    """Return a column of numbers as float64, NaN where it is null."""
    out = np.empty(len(column))
    start, gap = 0, numbers(np.array([np.nan]))[0]
    for chunk in column.cast(pa.float64(), safe=False).chunks:
        out[start : start + len(chunk)] = np.from_dlpack(pc.fill_null(chunk, gap))
        start += len(chunk)
    return out


def _bits(flags: NDArray[np.bool_]) -> Any:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


ONE = numbers(np.array([1]))[0]
