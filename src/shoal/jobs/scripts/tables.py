"""Data frames and Arrow tables as results: small ones as a dict of columns, large ones as Arrow and CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shoal.jobs.scripts.plain_values import Plain

# As many cells as a page can show and a search can read.
MOST_CELLS = 20_000
HEAD = 10
CSV_ROWS = 1000


def is_table(value: Any) -> bool:
    """Say whether a value is a pandas data frame or an Arrow table."""
    kind = type(value)
    return (kind.__module__.partition(".")[0], kind.__name__) in {
        ("pandas", "DataFrame"),
        ("pyarrow", "Table"),
        ("pyarrow", "RecordBatch"),
    }


def table_result(table: Any, folder: Path) -> dict[str, Any]:
    """Return the columns by name; of a large table the first rows, and all of them in a file.

    A data frame's own row names stand as keys in each column, as pandas' `to_dict` gives them; numbers that
    only count the rows are left out, and each column is a list.
    """
    rows, columns = table.shape if hasattr(table, "shape") else (table.num_rows, table.num_columns)
    shape = {"rows": int(rows), "columns": int(columns)}
    if rows * columns <= MOST_CELLS:
        return _columns(table) | {"artifact": ""} | shape
    names = _files(table, folder)
    note = f"The first {HEAD} of {rows:,} rows; all are in {names[0]}, the first {CSV_ROWS:,} in {names[1]}."
    head = table.iloc[:HEAD] if hasattr(table, "iloc") else table.slice(0, HEAD)
    return _columns(head) | {"artifact": names[0], "artifacts": names, "note": note} | shape


def _columns(table: Any) -> dict[str, Any]:
    plain = Plain()
    if hasattr(table, "iloc"):
        made: Any = {}
        for i, name in enumerate(map(str, _names(table))):
            key = name if name not in made else f"{name}_{i + 1}"
            made[key] = _column(table, i)
    else:
        made = table.to_pydict()
    return {"value": plain.of(made)} | plain.facts()


def _names(frame: Any) -> list[Any]:
    flat = (" ".join(map(str, name)) if isinstance(name, tuple) else name for name in frame.columns)
    return list(flat)


def _column(frame: Any, place: int) -> Any:
    values = frame.iloc[:, place].tolist()
    index = frame.index
    if not _has_names(frame):
        return values
    return dict(zip((str(one) for one in index), values, strict=True))


def _has_names(frame: Any) -> bool:
    return type(frame.index).__name__ != "RangeIndex" and len(set(map(str, frame.index))) == len(frame)


def _files(table: Any, folder: Path) -> list[str]:
    import pyarrow as pa
    from pyarrow import csv

    arrow = _arrow(table)
    with pa.OSFile(str(folder / "value.arrow"), "wb") as sink, pa.ipc.new_file(sink, arrow.schema) as file:
        file.write_table(arrow)
    csv.write_csv(_flat(arrow.slice(0, CSV_ROWS)), str(folder / "value.csv"))
    return ["value.arrow", "value.csv"]


def _arrow(table: Any) -> Any:
    import pyarrow as pa

    if hasattr(table, "iloc"):
        return _of_frame(table)
    return pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table


def _of_frame(frame: Any) -> Any:
    """Return a data frame as an Arrow table; columns of mixed values become text."""
    import pyarrow as pa

    named = frame.copy(deep=False)
    named.columns = _unique(list(map(str, _names(frame))))
    columns = {}
    for name in named.columns:
        try:
            columns[name] = pa.array(named[name], from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            columns[name] = pa.array([None if one is None else str(one) for one in named[name]])
    if _has_names(frame):
        label = str(frame.index.name or "index")
        label = label if label not in columns else f"{label}_"
        columns = {label: pa.array([str(one) for one in frame.index])} | columns
    return pa.table(columns)


def _unique(names: list[str]) -> list[str]:
    return [name if name not in names[:i] else f"{name}_{i + 1}" for i, name in enumerate(names)]


def _flat(table: Any) -> Any:
    """Return a table that CSV can hold: lists and structs as their JSON text."""
    import orjson
    import pyarrow as pa
    import pyarrow.types as kinds

    def told(column: Any) -> Any:
        if not kinds.is_nested(column.type):
            return column
        return pa.array([orjson.dumps(one, default=str).decode() for one in column.to_pylist()])

    return pa.table({name: told(table[name]) for name in table.column_names})
