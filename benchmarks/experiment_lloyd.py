"""How much faster than scikit-learn's is a whole K-Means fit, on one thread?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import Table, compare, fair_process, options


@dataclass(frozen=True)
class Case:
    """Describe a workload, with targets and aims for float32 and float64."""

    name: str
    rows: int
    features: int
    clusters: int
    target: tuple[float, float]
    aim: tuple[float, float]
    iterations: int | None = 20

    def table(self, dtype: type) -> NDArray[Any]:
        """Return overlapping round blobs of unit variance, as many as there are clusters."""
        random = np.random.default_rng(20)
        reach = 4.0 if self.features < 16 else 1.0
        middles = reach * random.normal(size=(self.clusters, self.features))
        rows = middles[random.integers(0, self.clusters, self.rows)]
        rows += random.normal(size=rows.shape)
        return rows.astype(dtype)


CASES = [
    Case("d=2 k=8 n=100k", 100_000, 2, 8, (6, 5), (10, 8)),
    Case("d=8 k=16 n=1M", 1_000_000, 8, 16, (4, 3.5), (7, 6)),
    Case("d=64 k=64 n=200k", 200_000, 64, 64, (2.5, 2.4), (6, 6)),
    Case("d=64 k=64 n=200k", 200_000, 64, 64, (5, 5), (12, 14), None),
]


def _settings(case: Case, start: NDArray[Any]) -> dict[str, Any]:
    return {
        "n_clusters": case.clusters,
        "init": start,
        "n_init": 1,
        "tol": 0,
        "max_iter": case.iterations or 500,
    }


def run(table: Table, case: Case, place: int, rounds: int) -> None:
    """Time one case in one data type, and note by how much the two results differ."""
    from sklearn.cluster import KMeans as Peer

    from shoal.clustering import KMeans

    dtype = (np.float32, np.float64)[place]
    rows = case.table(dtype)
    start = rows[np.random.default_rng(1).choice(len(rows), case.clusters, replace=False)]
    ours, peer = KMeans(**_settings(case, start)), Peer(algorithm="lloyd", **_settings(case, start))
    ours.fit(rows), peer.fit(rows)
    note = f"{ours.n_iter_} iterations, inertia {ours.inertia_ / peer.inertia_ - 1:+.0e}"
    name = f"{case.name} {np.dtype(dtype).name}{'' if case.iterations else ' converged'}"
    table.add(
        compare(
            name,
            lambda: ours.fit(rows),
            lambda: peer.fit(rows),
            rounds=rounds,
            target=case.target[place],
            aim=case.aim[place],
            note=note,
        )
    )


def main() -> None:
    """Print the ratios; with `--json` write them down."""
    fair_process("benchmarks.experiment_lloyd")
    chosen = options(__doc__ or "")
    warnings.simplefilter("ignore")
    table = Table(
        "Whole K-Means fits, given centres, one thread, CPU time", "scikit-learn, algorithm='lloyd'"
    )
    for case in CASES:
        if case.iterations or not chosen.quick:
            for place in range(2):
                run(table, case, place, chosen.rounds)
    if chosen.json:
        table.write("lloyd")


if __name__ == "__main__":
    main()
