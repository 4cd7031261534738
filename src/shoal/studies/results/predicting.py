"""Clusters for other rows, by a finished study's recommended fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa

from shoal.base.errors import InvalidInput
from shoal.storage.backend import Storage
from shoal.storage.matrix import matrix
from shoal.storage.reading import TableRead
from shoal.storage.writing import write_csv
from shoal.studies.model import Study
from shoal.studies.results.archive import open_archive, parameters_of, recommended_mode
from shoal.studies.results.outputs import LABEL
from shoal.studies.wording import listed

CERTAINTY = "Certainty"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Hold, for every row of a table, its cluster from 1 and how sure it is; null for rows with gaps."""

    table: TableRead
    labels: pa.Array
    certainty: pa.Array

    @property
    def left_out(self) -> int:
        """Return how many rows have a gap and therefore no cluster."""
        return int(self.labels.null_count)


def predict(storage: Storage, study: Study, table: TableRead, mode: str | None = None) -> Prediction:
    """Give each row of a table that has the study's columns the cluster of a recommended fit.

    Raises:
        InvalidInput: a column is missing or holds no numbers, or every row has a gap.
        NotFound: the study recommends no fit (for this mode).
    """
    columns = study.plan.columns or ()
    names = [column.name for column in table.columns]
    if missing := [name for name in columns if name not in names]:
        raise InvalidInput(
            f"Column {listed(missing)} is not there.", hint=f"The study uses {', '.join(columns)}."
        )
    chosen = recommended_mode(study, mode)
    rows = matrix(table.table, columns, "drop")
    labels, certainty = parameters_of(open_archive(storage, study), study, chosen).assign(rows.values)
    return Prediction(table, rows.spread(labels + np.int32(1)), rows.spread(certainty))


def write_prediction(file: IO[bytes], prediction: Prediction, *, raw: bool = False) -> int:
    """Write the rows with `Label` and `Certainty` as CSV; returns how many rows there are."""
    headers = [column.header for column in prediction.table.columns]
    extra: dict[str, Any] = {LABEL: prediction.labels, CERTAINTY: prediction.certainty}
    return write_csv(file, headers, prediction.table.table.to_batches(), extra, raw=raw)
