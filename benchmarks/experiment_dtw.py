"""How many series does dynamic time warping compare in a second, beside the best of others?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rounds import Table, compare, fair_process, options

SERIES, STEPS, WINDOW = 200, 128, 12
# aeon wants an older numpy than ours. In a run with both it was faster than dtaidistance by so much.
AEON_TO_PEER = {1: 142 / 128, 3: 96 / 90}


def table(columns: int) -> NDArray[np.float64]:
    """Return series (n, steps, columns): noisy waves of unlike phase."""
    random = np.random.default_rng(5)
    phases = random.uniform(0, 6, (SERIES, 1, columns))
    waves = np.sin(np.linspace(0, 12, STEPS)[None, :, None] + phases)
    found: NDArray[np.float64] = waves + 0.2 * random.normal(size=waves.shape)
    return found


def peer(series: NDArray[np.float64]) -> Any:
    """Return the upper triangle of distances as dtaidistance computes it; its window counts the diagonal."""
    from dtaidistance import dtw, dtw_ndim

    settings: dict[str, Any] = {"window": WINDOW + 1, "inner_dist": "euclidean", "parallel": False}
    if series.shape[2] == 1:
        return dtw.distance_matrix_fast(np.ascontiguousarray(series[:, :, 0]), **settings)
    return dtw_ndim.distance_matrix_fast(series, ndim=series.shape[2], **settings)


def run(lines: Table, columns: int, dtype: Any, target: float, aim: float, rounds: int) -> None:
    """Time all pairs, ours both ways round, the peer's one way; the ratio is by pair, and against aeon."""
    from shoal.clustering.spaces.warping import warping_distances

    series = table(columns)
    listed = [np.ascontiguousarray(one, dtype=dtype) for one in series]
    ours, theirs = warping_distances(listed, listed, WINDOW), np.asarray(peer(series))
    above = np.triu_indices(SERIES, 1)
    apart = np.abs(ours[above] / theirs[above] - 1).max()
    line = compare(
        f"{columns} column(s) {np.dtype(dtype).name}",
        lambda: warping_distances(listed, listed, WINDOW),
        lambda: peer(series),
        rounds=rounds,
    )
    pairs = SERIES * SERIES / len(above[0]) / AEON_TO_PEER[columns]
    ratios = {name: getattr(line, name) * pairs for name in ("ratio", "least", "most")}
    speed = SERIES * SERIES / line.ours_ms / 1e3
    note = f"{speed:.2f} M pairs/s, apart {apart:.0e}"
    lines.add(type(line)(**(vars(line) | ratios | {"target": target, "aim": aim, "note": note})))


def main() -> None:
    """Print the ratios; with `--json` write them down."""
    fair_process("benchmarks.experiment_dtw")
    chosen = options(__doc__ or "")
    lines = Table(
        f"DTW of {SERIES} series of {STEPS} steps, window {WINDOW}, all pairs, CPU time of one thread",
        "aeon: dtaidistance in the same run, times their recorded ratio",
    )
    for columns in (1, 3):
        for dtype, target, aim in ((np.float64, 2.5, 3), (np.float32, 4, 7)):
            run(lines, columns, dtype, target, aim, chosen.rounds)
    if chosen.json:
        lines.write("dtw")


if __name__ == "__main__":
    main()
