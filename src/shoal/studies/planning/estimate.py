"""What a study will cost, before it starts: seconds and bytes."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.base.errors import TooLarge
from shoal.clustering.modes import Mode, mode_named
from shoal.studies.plan import StudyPlan
from shoal.studies.planning.grid import grid
from shoal.studies.wording import counted, duration, size

# Measured on one core of an EPYC at 2.6 GHz in November 2026, on blobs of 1,000 to 100,000 rows and 2 to 20
# columns: a fit, each of its rows and columns once, and for each restart, row and cluster a part that does
# not depend on the columns and one for each term of the score.
FIT_OVERHEAD = 0.4e-3
ROW, ROW_COLUMN = 30e-9, 4e-9
START_OVERHEAD = 40e-6
PASS_ROW_CLUSTER = 6e-9
PASS_TERM = {True: 1.2e-9, False: 2.0e-9}
# With few rows every restart runs until it rests; with many a sample of the rows runs ahead.
FEW_ROWS, FEW_FACTOR = 5_000, 2.0
# What a study takes besides its fits: starting workers, reading the rows, summing up.
FIXED = 1.2
PER_ROW = 3e-6
# Bytes of the house and its fork server, of a worker, of a worker for each number and each row.
HOUSE_BYTES, WORKER_BYTES = 220e6, 60e6
COPIES, ROW_BYTES = 5.2, 40.0
# Of a fit with whole covariances, for columns^2: matrices of the search and of each cluster.
SEARCH_MATRICES, CLUSTER_MATRICES = 12, 6
# Inverting a covariance, for columns^3: one that its rows fill, and one of fewer rows than columns, whose
# empty directions are raised. Each restart inverts every cluster's some ten times; moves try pairs of them.
INVERSE, LIFTED = 1e-9, 60e-9
PASSES = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold what a study of `fits` fits takes on `workers` workers: wall `seconds` and `memory` in bytes."""

    fits: int
    workers: int
    seconds: float
    memory: float

    def sentence(self) -> str:
        """Return `600 fits on 2 workers, about 12 s, 90 MB.`"""
        where = counted(self.workers, "worker") if self.workers else "workers elsewhere"
        on = f"{counted(self.fits, 'fit')} on {where}"
        about = duration(self.seconds) if self.seconds >= 1 else "1 s"
        return f"{on}, about {about}, {size(self.memory)}."


def check_memory(cost: Estimate, free: float) -> None:
    """Raise `TooLarge` when a study needs more bytes than are free."""
    if cost.memory > free:
        raise TooLarge(
            f"This needs about {size(cost.memory)}; {size(free)} is free.",
            hint="Choose fewer columns, fewer workers, or --covariances diag-tied,diag-untied.",
        )


def fit_seconds(plan: StudyPlan, covariance: str, k: int, rows: int, columns: int) -> float:
    """Return the seconds of one fit on one core, all its restarts included."""
    once = FIT_OVERHEAD + rows * (ROW + columns * ROW_COLUMN)
    if k == 1:
        return once
    mode = mode_named(covariance)
    term = PASS_ROW_CLUSTER + _terms(mode, columns) * PASS_TERM[mode.tied]
    longer = 1.0 + FEW_FACTOR * min(1.0, FEW_ROWS / max(1, rows))
    inverses = _inverse_seconds(mode, k, rows, columns)
    starts = plan.n_init * (START_OVERHEAD + rows * k * term * longer + PASSES * inverses)
    return once + starts + k * (k + 1) / 2 * inverses


def estimate(plan: StudyPlan, rows: int, columns: int, workers: int) -> Estimate:
    """Return what a plan costs over `rows` rows of `columns` columns."""
    cells = {(task.k, task.covariance) for task in grid(plan)}
    work = plan.n_experiments * sum(fit_seconds(plan, mode, k, rows, columns) for k, mode in cells)
    seconds = FIXED + work / max(1, workers) + rows * PER_ROW
    return Estimate(plan.n_fits, workers, seconds, _memory(plan, rows, columns, workers))


def _terms(mode: Mode, columns: int) -> float:
    """Return the multiplications of one score of one row in one cluster."""
    if mode.tied:
        return columns
    return {"full": columns * (columns + 3) / 2, "diag": 2 * columns, "spherical": 2 * columns}[
        mode.covariance
    ]


def _inverse_seconds(mode: Mode, k: int, rows: int, columns: int) -> float:
    """Return the seconds of inverting the covariances of k clusters once."""
    if mode.covariance != "full":
        return 0.0
    matrices = 1 if mode.tied else k
    return matrices * float(columns) ** 3 * (INVERSE if rows / matrices > columns else LIFTED)


def _memory(plan: StudyPlan, rows: int, columns: int, workers: int) -> float:
    """Return the bytes of all processes; every worker holds the rows as they are, packed, and in work."""
    matrix = rows * columns * 8.0
    whole = any(mode_named(name).covariance == "full" for name in plan.covariances)
    search = whole * (SEARCH_MATRICES + CLUSTER_MATRICES * plan.max_k) * columns**2 * 8.0
    return HOUSE_BYTES + matrix + workers * (WORKER_BYTES + COPIES * matrix + ROW_BYTES * rows + search)
