"""A dataset written as CSV again, with columns added, each cell as it stood in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from shoal.base.faults import fault_point
from shoal.base.files import durable_file
from shoal.storage.arrow_files import map_table
from shoal.storage.backend import Storage
from shoal.storage.dataset import Dataset
from shoal.storage.delimited import text_batches
from shoal.storage.options import ReadOptions
from shoal.storage.texts import prepare
from shoal.storage.writing import Target, write_csv

EXPORT = fault_point("datasets.export", "A dataset with its labels is whole in a CSV file.")


def export_csv(
    storage: Storage, dataset: Dataset, target: Target, extra: Mapping[str, Any], *, raw: bool = False
) -> int:
    """Write a dataset's own columns, in their order and under their headers, then the extra ones.

    Text files are read again from their original bytes, so that `39,10` stays `39,10`; the result is UTF-8,
    separated by semicolons where the file was, else by commas. See `write_csv` for `extra` and `raw`.
    """
    headers = [column.header for column in dataset.columns]
    layout = dataset.origin.layout
    mark = ";" if layout is not None and layout.delimiter == ";" else ","
    with ExitStack() as stack:
        batches = _batches(storage, dataset, stack)
        return write_csv(target, headers, batches, extra, delimiter=mark, raw=raw)


def save_csv(
    path: Path, storage: Storage, dataset: Dataset, extra: Mapping[str, Any], *, raw: bool = False
) -> int:
    """Write a dataset with extra columns durably into a file; see `export_csv`."""
    with durable_file(EXPORT, path) as file:
        return export_csv(storage, dataset, file, extra, raw=raw)


def _batches(storage: Storage, dataset: Dataset, stack: ExitStack) -> Iterator[Any]:
    if dataset.original is None or dataset.origin.layout is None:
        return iter(map_table(storage, dataset.key).to_batches())
    file = stack.enter_context(storage.open(dataset.original))
    # It was within the limit when it was added.
    options = ReadOptions(max_expanded_bytes=1 << 62)
    text = prepare(file, dataset.origin.compressed, dataset.name, options, stack)
    return text_batches(text.file, dataset.origin.layout, nulls=False)
