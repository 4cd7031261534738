"""The rows of a study, ready for fitting; read once in a worker, whatever it runs on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

from shoal.clustering.gaussians.fitting import Prepared, prepare
from shoal.storage.matrix import Matrix, matrix
from shoal.studies.plan import StudyPlan

# Many short jobs of one study follow one another in a worker; another study's rows take their place.
_latest: dict[tuple[object, ...], StudyRows] = {}


@dataclass(frozen=True, eq=False)
class StudyRows:
    """Hold the rows that are clustered, as a matrix in the file's units and as fits take them."""

    matrix: Matrix
    prepared: Prepared


def prepare_rows(table: pa.Table, plan: StudyPlan) -> StudyRows:
    """Take a plan's columns from a table and prepare them."""
    found = matrix(table, plan.columns or (), plan.missing)
    return StudyRows(found, prepare(found.values, scale=plan.scale))


def rows_at(path: Path, plan: StudyPlan) -> StudyRows:
    """Return the rows of a plan from an Arrow file, which is mapped into memory and not loaded as a whole."""
    key = (path, plan.columns, plan.missing, plan.scale)
    if (known := _latest.get(key)) is None:
        _latest.clear()
        with pa.memory_map(str(path)) as source:
            known = prepare_rows(ipc.open_file(source).read_all(), plan)
        _latest[key] = known
    return known
