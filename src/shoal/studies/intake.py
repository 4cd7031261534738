"""From a dataset and a wish to a plan that can run: columns chosen, rows counted, limits settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shoal.base.errors import InvalidInput
from shoal.storage.columns import Column
from shoal.storage.dataset import Dataset
from shoal.studies.columns import ColumnChoice, choose_columns
from shoal.studies.model import Facts, Source
from shoal.studies.plan import MAX_FITS, RANGES, StudyPlan, check
from shoal.studies.wording import counted

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
    choice = choose_columns(columns, plan.columns)
    gaps = rows_with_gaps(table, [column for column in columns if column.name in choice.used])
    dropped = gaps if plan.missing == "drop" else 0
    rows = table.num_rows - dropped
    if rows < 1:
        raise _no_rows(table.num_rows)
    settled = replace(plan, columns=choice.used).for_rows(rows)
    check(settled, max_k=max_k, fits=max_fits)
    facts = Facts(
        rows=rows,
        dropped=dropped,
        filled=gaps - dropped,
        asked_max_k=plan.max_k,
        constant=list(choice.constant),
        left=choice.sentence(),
    )
    return Intake(settled, facts, choice)


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


def _no_rows(rows: int) -> InvalidInput:
    if not rows:
        return InvalidInput("There are no rows.", hint="The file has only a header.")
    every = counted(rows, "row")
    return InvalidInput(
        f"All of the {every} have a missing value in the columns to group by.",
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
