"""Reading of Parquet files."""

from __future__ import annotations

from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as arrow_parquet

from shoal.base.errors import InvalidInput
from shoal.storage.delimited import RawTable
from shoal.storage.expansion import too_large
from shoal.storage.headers import column_names
from shoal.storage.options import ReadOptions
from shoal.storage.tidying import tidied

_BATCH = 1 << 16


def read_parquet(file: BinaryIO, name: str, options: ReadOptions) -> RawTable:
    """Read every column of a Parquet file.

    Raises:
        InvalidInput: it is damaged, or has no rows or columns.
        TooLarge: it expands to more than the limit.
    """
    file.seek(0)
    try:
        table = _whole(arrow_parquet.ParquetFile(file), name, options)
    except (pa.ArrowException, OSError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise InvalidInput(
            f"{name}: This Parquet file is damaged or cannot be read ({reason}).",
            hint="Copy or download it again, or write it anew.",
            file=name,
        ) from error
    if not table.num_rows or not table.num_columns:
        what = "rows" if table.num_columns else "columns"
        raise InvalidInput(f"{name}: This file has no {what}.", hint="Write it with rows.", file=name)
    headers = tuple(table.column_names)
    names, notes = column_names(headers)
    table, more = tidied(table.rename_columns(names))
    return RawTable(table, headers, (*notes, *more))


def _whole(opened: Any, name: str, options: ReadOptions) -> Any:
    facts, limit = opened.metadata, options.max_expanded_bytes
    # Encodings that repeat values expand without any compression, so count the cells too.
    if facts.num_rows * max(1, facts.num_columns) > limit or _declared(facts) > limit:
        raise too_large(name, None, limit)
    batches, size = [], 0
    for batch in opened.iter_batches(batch_size=_BATCH):
        size += batch.nbytes
        if size > limit:
            raise too_large(name, None, limit)
        batches.append(batch)
    return pa.Table.from_batches(batches, opened.schema_arrow)


def _declared(facts: Any) -> int:
    return sum(facts.row_group(place).total_byte_size for place in range(facts.num_row_groups))
