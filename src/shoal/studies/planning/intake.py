"""From a dataset and a wish to a plan that can run: columns chosen, rows counted, limits settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shoal.base.errors import InvalidInput
from shoal.storage.columns import Column
from shoal.storage.dataset import Dataset
from shoal.storage.matrix import LARGEST, too_far
from shoal.studies.model import Facts, Source
from shoal.studies.plan import MAX_FITS, RANGES, StudyPlan, check
from shoal.studies.planning.columns import ColumnChoice, choose_columns

_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Intake:
    """Hold the settled plan, what choosing came to, and the choice of columns."""

    plan: StudyPlan
    facts: Facts
    choice: ColumnChoice


def take_in(
    columns: Sequence[Column],
    table: Any,
    plan: StudyPlan,
    *,
    max_k: int = RANGES["max_k"][1],
    max_fits: int = MAX_FITS,
) -> Intake:
    """Settle a plan for a table (`pyarrow.Table`) with the given columns; limits come from settings.

    Raises:
        InvalidInput: the plan is over a limit, a column cannot be used, or no row is left.
    """
    check(plan, max_k=max_k)
    if table.num_rows < 2:
        raise _too_few(table.num_rows, table.num_rows)
    choice = choose_columns(columns, plan.columns)
    used = [column for column in columns if column.name in choice.used]
    _check_distances(used)
    gaps = rows_with_gaps(table, used)
    dropped = gaps if plan.missing == "drop" else 0
    rows = table.num_rows - dropped
    if rows < 2:
        raise _too_few(table.num_rows, rows)
    settled = replace(plan, columns=choice.used).for_rows(rows)
    distinct = min(rows, distinct_rows(table, used, settled)) if settled.missing == "drop" else rows
    settled = replace(settled, max_k=min(settled.max_k, distinct))
    check(settled, max_k=max_k, fits=max_fits)
    facts = Facts(
        rows=rows,
        distinct=distinct,
        dropped=dropped,
        filled=gaps - dropped,
        asked_max_k=plan.max_k,
        constant=list(choice.constant),
        left=choice.sentence(),
    )
    return Intake(settled, facts, choice)


def _check_distances(columns: Sequence[Column]) -> None:
    for column in columns:
        for bound in (column.min, column.max):
            if bound is not None and abs(bound) > LARGEST:
                raise too_far(column.name, bound)


def rows_with_gaps(table: Any, columns: Sequence[Column]) -> int:
    """Return how many rows have no finite number in one of the columns; only columns with gaps are read."""
    gapped = [column.name for column in columns if column.missing]
    if not gapped:
        return 0
    return sum(int(_gaps(batch).sum()) for batch in table.select(gapped).to_batches(_AT_ONCE))


def _gaps(batch: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    missing = np.zeros(batch.num_rows, bool)
    for column in batch.columns:
        missing |= ~np.isfinite(column.cast("float64", safe=False).to_numpy(zero_copy_only=False))
    return missing


def distinct_rows(table: Any, columns: Sequence[Column], plan: StudyPlan) -> int:
    """Return how many different rows without gaps there are, where that may bound `max_k`; else all rows.

    They are counted only when no column alone has as many different values as clusters are tried.
    """
    if any(column.distinct is None or column.distinct >= plan.max_k for column in columns):
        return int(table.num_rows)
    chosen = table.select([column.name for column in columns]).drop_null()
    return int(chosen.group_by(chosen.column_names).aggregate([]).num_rows)


def _too_few(rows: int, complete: int) -> InvalidInput:
    if rows < 2:
        return InvalidInput(f"There {'is only 1 row' if rows else 'are no rows'}: nothing can be grouped.")
    without = "No row" if not complete else "Only 1 row"
    return InvalidInput(
        f"{without} of {rows:,} has a value in every column to group by.",
        hint="Choose fewer columns with --columns, or fill the gaps with --missing impute.",
    )


def source_of(dataset: Dataset) -> Source:
    """Return what a study remembers of its dataset."""
    return Source(
        id=dataset.id,
        version=dataset.version,
        name=dataset.name,
        rows=dataset.rows,
        columns=[column.name for column in dataset.columns],
        sha256=dataset.sha256,
        table_sha256=dataset.table_sha256,
        key=dataset.key,
    )
