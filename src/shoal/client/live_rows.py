"""Rows of this program as the body of a request: data frames and arrays as Arrow, anything else as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from shoal.base.errors import InvalidInput
from shoal.base.extras import require

ARROW, JSON = "application/vnd.apache.arrow.stream", "application/json"


class Body(NamedTuple):
    """The bytes of a request, and what kind they are."""

    content: bytes
    kind: str

    @property
    def headers(self) -> dict[str, str]:
        """Return what the request says of them."""
        return {"Content-Type": self.kind}


def body_of(rows: Any) -> Body:
    """Return rows as they are sent.

    Args:
        rows: a data frame (pandas or polars), an Arrow table, an array of one row or of rows (n x d), or an
            iterable of rows: lists of numbers, or mappings of column names to numbers; for series each row is
            a list of vectors.

    Raises:
        InvalidInput: there is something that JSON cannot say, like a date.
    """
    if (table := _table_of(rows)) is not None:
        return Body(_streamed(table), ARROW)
    return Body(_json(rows), JSON)


def _table_of(rows: Any) -> Any:
    """Return an Arrow table, None for what is sent as JSON."""
    if hasattr(rows, "to_arrow"):
        return rows.to_arrow()
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return _arrow().Table.from_pandas(rows, preserve_index=False)
    if hasattr(rows, "schema") and hasattr(rows, "to_batches"):
        return rows
    return _of_array(rows) if hasattr(rows, "__array_interface__") and rows.ndim in (1, 2) else None


def _of_array(rows: Any) -> Any:
    """Return an array as one column of vectors, which are its rows without a copy of each number."""
    if rows.dtype.kind not in "fiu" or rows.size == 0:
        return None
    pa, rows = _arrow(), rows.reshape(-1, rows.shape[-1])
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.astype(float).ravel()), rows.shape[1])
    return pa.table({"row": vectors})


def _streamed(table: Any) -> bytes:
    pa = _arrow()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _json(rows: Any) -> bytes:
    plain = rows if isinstance(rows, (list, tuple)) or hasattr(rows, "dtype") else _listed(rows)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError as error:
        raise InvalidInput(f"These rows cannot be sent: {error}.") from error


def _listed(rows: Any) -> list[Any]:
    if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        raise InvalidInput(
            f"{type(rows).__name__} is not a list of rows.",
            hint="Give a data frame, an array, or a list of rows.",
        )
    return list(rows)


def _arrow() -> Any:
    require("pyarrow.ipc", "pandas")
    return require("pyarrow", "pandas")
