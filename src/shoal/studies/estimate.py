"""What a study will cost, before it starts: seconds and bytes."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.clustering.modes import mode_named
from shoal.studies.grid import grid
from shoal.studies.plan import StudyPlan
from shoal.studies.wording import counted, duration, size

# Measured on one core of an EPYC at 2.6 GHz in November 2026, by fitting blobs of 1,000 to 1,000,000 rows.
FIT_OVERHEAD = 0.4e-3
START_OVERHEAD = 40e-6
ROW_CLUSTER_TERM = 0.45e-9
PASSES = 14.0
# What a study takes besides its fits: starting workers, reading the file, summing up.
FIXED = 1.0
SUMMING_PER_ROW = 4e-6
WORKER_BYTES = 60e6
HOUSE_BYTES = 110e6


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold what a study of `fits` fits takes on `workers` workers: wall `seconds` and `memory` in bytes."""

    fits: int
    workers: int
    seconds: float
    memory: float

    def sentence(self) -> str:
        """Return `600 fits on 2 workers, about 12 s, 90 MB.`"""
        on = f"{counted(self.fits, 'fit')} on {counted(self.workers, 'worker')}"
        about = duration(self.seconds) if self.seconds >= 1 else "1 s"
        return f"{on}, about {about}, {size(self.memory)}."


def fit_seconds(plan: StudyPlan, covariance: str, k: int, rows: int, columns: int) -> float:
    """Return the seconds of one fit on one core, all its restarts included."""
    if k == 1:
        return FIT_OVERHEAD + rows * _terms(covariance, columns) * ROW_CLUSTER_TERM * 4
    one = START_OVERHEAD + PASSES * rows * k * _terms(covariance, columns) * ROW_CLUSTER_TERM
    return FIT_OVERHEAD + plan.n_init * one


def estimate(plan: StudyPlan, rows: int, columns: int, workers: int) -> Estimate:
    """Return what a plan costs over `rows` rows of `columns` columns."""
    cells = {(task.k, task.covariance) for task in grid(plan)}
    work = plan.n_experiments * sum(fit_seconds(plan, mode, k, rows, columns) for k, mode in cells)
    seconds = FIXED + work / max(1, workers) + rows * SUMMING_PER_ROW
    return Estimate(plan.n_fits, workers, seconds, _memory(rows, columns, workers))


def _terms(covariance: str, columns: int) -> float:
    """Return the multiplications of one score of one row in one cluster."""
    mode = mode_named(covariance)
    if mode.tied:
        return columns
    return {"full": columns * (columns + 3) / 2, "diag": 2 * columns, "spherical": columns + 1}[
        mode.covariance
    ]


def _memory(rows: int, columns: int, workers: int) -> float:
    """Return the bytes of all processes: every worker holds the rows twice, as they are and packed."""
    matrix = rows * columns * 8.0
    return HOUSE_BYTES + matrix + workers * (WORKER_BYTES + 2.2 * matrix + 40.0 * rows)
