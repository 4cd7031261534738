"""How long does a stranger wait for `shoal study run FILE`, and how long did the older service take?"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import old_service
from benchmarks.rounds import UNFAIR, Line, Table, options

ROWS, FITS, RESTARTS, WORKERS = 3000, 600, 10, 2
SAMPLED_K = (3, 6, 9)
SHAPES = ("full", "diag", "spher")
TARGET, AIM = 50, 200


def table_of() -> NDArray[Any]:
    """Return three groups of 1,000 rows that lie apart in the second column."""
    random = np.random.default_rng(7)
    return np.vstack([random.normal((0, centre), 1.0, (ROWS // 3, 2)) for centre in (0, 10, 20)])


def ours(file: Path, folder: Path) -> float:
    """Return the wall seconds of the whole command, start-up, labels and report included."""
    shoal = Path(sys.executable).with_name("shoal")
    where = ["--home", folder / "home", "--out", folder / "out", "--workers", WORKERS]
    command = [shoal, "study", "run", file, "--output", "quiet", *where]
    started = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, capture_output=True, env=os.environ)
    return time.monotonic() - started


def peers(rows: NDArray[Any], seed: int) -> float:
    """Return the wall seconds of the same grid, from a sample of its cells, all workers always busy."""
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    started, cells = time.process_time(), 0
    for k in SAMPLED_K:
        for shape in SHAPES:
            for tied in (True, False):
                old_service.fit(scaled, k, shape, tied, RESTARTS, seed)
                cells += 1
    return (time.process_time() - started) / cells * FITS / WORKERS


def main() -> None:
    """Print the ratio; with `--json` write it down."""
    chosen = options(__doc__ or "")
    for name in UNFAIR:
        os.environ.pop(name, None)
    table = Table(
        f"shoal study run, {FITS} fits over {ROWS} x 2, whole command, wall time, {WORKERS} workers",
        "the older service's algorithm in numpy, extrapolated from 18 of 600 fits, no overhead",
    )
    rows, pairs = table_of(), []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "three.csv"
        np.savetxt(file, rows, delimiter=",", header="a,b", comments="")
        ours(file, Path(folder) / "first")
        for number in range(min(chosen.rounds, 3)):
            pairs.append((ours(file, Path(folder) / str(number)), peers(rows, number)))
    ratios = [theirs / mine for mine, theirs in pairs]
    mine, theirs = (1e3 * statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(ratios)
    table.add(Line("default study", mine, theirs, ratio, min(ratios), max(ratios), len(pairs), TARGET, AIM))
    if chosen.json:
        table.write("command")


if __name__ == "__main__":
    main()
