"""Tables of pages as CSV."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pyarrow as pa

from shoal.storage.arrow_values import strings
from shoal.storage.writing import write_csv


def as_csv(columns: Mapping[str, Sequence[str]]) -> bytes:
    """Return columns of text as CSV in which no cell is run by a spreadsheet."""
    out = io.BytesIO()
    batch = pa.RecordBatch.from_arrays([strings(values) for values in columns.values()], names=list(columns))
    write_csv(out, list(columns), [batch], {})
    return out.getvalue()
