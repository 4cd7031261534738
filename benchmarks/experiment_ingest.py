"""How fast are rows taken into K-Means of a stream, in process, beside the online learners of others?

scikit-learn's MiniBatchKMeans takes tables, river's KMeans a row at a time; all start from the same ten rows.
The work is that of `partial_fit` (or `learn_one`) alone, and reading the centres once at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import Line, Table, compare, fair_process, options

ROWS, FEATURES, CLUSTERS = 100_000, 10, 10
PLAIN: dict[str, Any] = {"half_life": None, "adapt": False}
FULL: dict[str, Any] = {"half_life": 20_000, "adapt": True}


@dataclass(frozen=True)
class Case:
    """Describe in what pieces rows come, to which settings, and what ratio ought to be reached."""

    name: str
    settings: dict[str, Any]
    piece: int
    rows: int
    target: float | None
    aim: float | None


CASES = [
    Case("plain, by 1000", PLAIN, 1000, ROWS, 5, 10),
    Case("plain, by 100", PLAIN, 100, ROWS, 20, 50),
    Case("forgetting, jump, swap, by 1000", FULL, 1000, ROWS, 0.5, 2),
    Case("forgetting, jump, swap, by 100", FULL, 100, ROWS, 1, 5),
    Case("plain, one row a call", PLAIN, 1, 10_000, 15, 30),
    Case("forgetting, jump, swap, one row", FULL, 1, 10_000, 15, 30),
]


def blobs() -> NDArray[np.float64]:
    """Return rows of ten round blobs."""
    random = np.random.default_rng(12345)
    middles = random.uniform(-10, 10, (CLUSTERS, FEATURES))
    return middles[random.integers(0, CLUSTERS, ROWS)] + random.normal(size=(ROWS, FEATURES))


def _ours(case: Case, rows: NDArray[np.float64]) -> Callable[[], object]:
    from shoal.clustering import OnlineKMeans

    pieces = [rows[first : first + case.piece] for first in range(0, case.rows, case.piece)]

    def learn() -> object:
        model = OnlineKMeans(CLUSTERS, init=rows[:CLUSTERS], random_state=0, **case.settings)
        for piece in pieces:
            model.partial_fit(piece)
        return model.cluster_centers_

    return learn


def _mini_batches(case: Case, rows: NDArray[np.float64]) -> Callable[[], object]:
    from sklearn.cluster import MiniBatchKMeans

    pieces = [rows[first : first + case.piece] for first in range(0, case.rows, case.piece)]

    def learn() -> object:
        model = MiniBatchKMeans(CLUSTERS, init=rows[:CLUSTERS], n_init=1, random_state=0)
        for piece in pieces:
            model.partial_fit(piece)
        return model.cluster_centers_

    return learn


def _river(case: Case, rows: NDArray[np.float64]) -> Callable[[], object]:
    from river.cluster import KMeans

    points = [dict(enumerate(row)) for row in rows[: case.rows].tolist()]

    def learn() -> object:
        model: Any = KMeans(CLUSTERS, halflife=0.1, seed=0)
        for point in points:
            model.learn_one(point)
        return model.centers

    return learn


def run(case: Case, rows: NDArray[np.float64], rounds: int) -> Line:
    """Time one case beside its peer, and note how many rows we take in a second of CPU time."""
    peer = (_river if case.piece == 1 else _mini_batches)(case, rows)
    line = compare(case.name, _ours(case, rows), peer, rounds=rounds, target=case.target, aim=case.aim)
    speed = case.rows / line.ours_ms / 1e3
    return Line(**vars(line) | {"note": f"{speed:.2f} M rows/s"})


def main() -> None:
    """Print the ratios; with `--json` write them down."""
    fair_process("benchmarks.experiment_ingest")
    chosen = options(__doc__ or "")
    table = Table("Rows into K-Means of a stream, in process", "MiniBatchKMeans; river's KMeans for one row")
    rows = blobs()
    for case in CASES:
        if case.piece > 1 or not chosen.quick:
            table.add(run(case, rows, chosen.rounds))
    if chosen.json:
        table.write("ingest")


if __name__ == "__main__":
    main()
