"""How alike the clusters of two studies are, or a study and a column known to be true."""

from __future__ import annotations

import math
from typing import Any, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoal.base.errors import InvalidInput
from shoal.storage.arrow_files import map_table
from shoal.storage.backend import Storage
from shoal.storage.writing import as_text
from shoal.studies.model import Study
from shoal.studies.results.agreement import adjusted_rand_of
from shoal.studies.results.archive import open_archive, recommended_mode

# More than this is no grouping, and nobody could read the table.
MOST_GROUPS = 1000


class Comparison(TypedDict):
    """Hold the adjusted Rand index over the rows both have, and the rows of each pair of groups."""

    left: str
    right: str
    rows: int
    adjusted_rand: float
    row_names: list[str]
    column_names: list[str]
    counts: list[list[int]]


def compare_studies(storage: Storage, left: Study, right: Study) -> Comparison:
    """Compare two studies over the same rows.

    Raises:
        InvalidInput: they are over files with different numbers of rows.
        NotFound: one has no recommended fit.
    """
    if left.source["rows"] != right.source["rows"]:
        counts = f"{left.source['rows']:,} and {right.source['rows']:,}"
        raise InvalidInput(f"The studies have {counts} rows, so their clusters cannot be compared.")
    return _compared(
        f"{left.name} {left.id}",
        _clusters(storage, left),
        f"{right.name} {right.id}",
        _clusters(storage, right),
    )


def compare_column(storage: Storage, study: Study, column: str) -> Comparison:
    """Compare a study with a column of its own file.

    Raises:
        InvalidInput: there is no such column.
        NotFound: the study has no recommended fit.
    """
    table = map_table(storage, study.source["key"])
    if column not in table.column_names:
        raise InvalidInput(
            f"There is no column {column}.", hint=f"There are: {', '.join(table.column_names)}."
        )
    truth = table.column(column)
    return _compared(f"{study.name} {study.id}", _clusters(storage, study), column, truth)


def _clusters(storage: Storage, study: Study) -> pa.Array:
    return open_archive(storage, study).column(recommended_mode(study))


def _compared(left: str, ours: Any, right: str, theirs: Any) -> Comparison:
    both = pc.and_(ours.is_valid(), theirs.is_valid())
    first, second = (_Groups(values.filter(both), name) for values, name in ((ours, left), (theirs, right)))
    if not len(first.places):
        raise InvalidInput("No row has a group in both.")
    shape = len(first.names), len(second.names)
    pairs = np.bincount(first.places * shape[1] + second.places, minlength=shape[0] * shape[1])
    counts = pairs.reshape(shape)
    return Comparison(
        left=left,
        right=right,
        rows=len(first.places),
        adjusted_rand=adjusted_rand_of(counts),
        row_names=first.names,
        column_names=second.names,
        counts=counts.tolist(),
    )


class _Groups:
    """Hold the names of groups, numbers by their size and before words, and each row's place among them."""

    def __init__(self, values: Any, name: str) -> None:
        encoded = _encoded(values, name)
        if len(encoded.dictionary) > MOST_GROUPS:
            text = f"{name} has {len(encoded.dictionary):,} different values, so it does not group the rows."
            raise InvalidInput(text, hint=f"A grouping has {MOST_GROUPS:,} groups at most.")
        names = as_text(encoded.dictionary).to_pylist()
        order = sorted(range(len(names)), key=lambda place: _natural(names[place]))
        self.names = [names[place] for place in order]
        ranks = np.argsort(np.array(order, np.int64))
        self.places = ranks[np.from_dlpack(encoded.indices)]


def _encoded(values: Any, name: str) -> Any:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    try:
        return whole.dictionary_encode()
    except pa.ArrowException as error:
        raise InvalidInput(f"{name} holds {whole.type}, which cannot be compared.") from error


def _natural(name: str) -> tuple[float, str]:
    try:
        number = float(name)
    except ValueError:
        number = math.inf
    return (number if math.isfinite(number) else math.inf, name)
