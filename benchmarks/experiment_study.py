"""How much faster than a sweep of scikit-learn's GaussianMixture is a sweep of hard Gaussian fits?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from benchmarks.rounds import Table, compare, fair_process, options

ROWS, COLUMNS, LARGEST_K, RESTARTS = 10_000, 3, 10, 10
TARGET = 15


@dataclass(frozen=True)
class Case:
    """Name one of our modes, the peer's type of covariance to compare it with, and what to aim at."""

    mode: str
    peer: str
    aim: float


# The peer has no tied diagonal and tied spherical covariances; its nearest is the untied one.
CASES = [
    Case("full-untied", "full", 40),
    Case("full-tied", "tied", 25),
    Case("diag-untied", "diag", 25),
    Case("diag-tied", "diag", 25),
    Case("spher-untied", "spherical", 25),
    Case("spher-tied", "spherical", 25),
]


def table_of(spread: float) -> NDArray[Any]:
    """Return standardised blobs, apart or overlapping."""
    from sklearn.datasets import make_blobs

    rows, _ = make_blobs(ROWS, COLUMNS, centers=5, cluster_std=spread, random_state=7)
    scaled: NDArray[Any] = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return scaled


def ours(rows: NDArray[Any], mode: str) -> list[float]:
    """Return the BIC of each k, all rows packed anew, in scikit-learn's sign."""
    from shoal.clustering.gaussians.fitting import fit_mode, prepare
    from shoal.clustering.modes import mode_named

    prepared, (shape, tied) = prepare(rows), mode_named(mode)
    sweep = range(1, LARGEST_K + 1)
    return [-2 * fit_mode(prepared, k, shape, tied, n_init=RESTARTS, seed=k).bic for k in sweep]


def peers(rows: NDArray[Any], kind: str) -> list[float]:
    """Return the peer's BIC of each k."""
    from sklearn.mixture import GaussianMixture

    models = [
        GaussianMixture(k, covariance_type=kind, n_init=RESTARTS, random_state=k)
        for k in range(1, LARGEST_K + 1)
    ]
    return [model.fit(rows).bic(rows) for model in models]


def main() -> None:
    """Print the ratios; with `--json` write them down."""
    fair_process("benchmarks.experiment_study")
    chosen = options(__doc__ or "")
    warnings.simplefilter("ignore")
    table = Table(
        f"Sweep k = 1..{LARGEST_K}, {RESTARTS} restarts, {ROWS} x {COLUMNS}, one thread, CPU time",
        "scikit-learn, GaussianMixture",
    )
    for spread, name in ((1.0, "apart"),) if chosen.quick else ((1.0, "apart"), (4.0, "overlapping")):
        rows = table_of(spread)
        for case in CASES:
            mine, theirs = ours(rows, case.mode), peers(rows, case.peer)
            note = f"best k {mine.index(min(mine)) + 1} and {theirs.index(min(theirs)) + 1}"
            line = compare(
                f"{case.mode} ({case.peer}), {name}",
                lambda rows=rows, case=case: ours(rows, case.mode),  # type: ignore[misc]
                lambda rows=rows, case=case: peers(rows, case.peer),  # type: ignore[misc]
                rounds=chosen.rounds,
                target=TARGET,
                aim=case.aim,
                note=note,
            )
            table.add(line)
    if chosen.json:
        table.write("study")


if __name__ == "__main__":
    main()
