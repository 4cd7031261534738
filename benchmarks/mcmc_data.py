"""Draw data sets whose clusters are known, easy and hard ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

Rows = NDArray[np.float64]


class Known(NamedTuple):
    """Hold a data set: its name, rows, and the cluster of each (-1 for noise, which is not judged)."""

    name: str
    rows: Rows
    truth: NDArray[np.int64]

    @property
    def clusters(self) -> int:
        """Return how many clusters there are."""
        return int(self.truth.max()) + 1


def middles(random: np.random.Generator, k: int, d: int, gap: float) -> Rows:
    """Return k places (k, d) at random, the nearest two of which are `gap` apart."""
    places = random.uniform(-1, 1, (k, d))
    return places * (gap / pdist(places).min()) if k > 1 else places


def blobs(
    seed: int, n: int, d: int, k: int, gap: float, sizes: Any = None, widths: Any = None, name: str = ""
) -> Known:
    """Return round Gaussians; `gap` counts deviations of the widest, `sizes` are relative."""
    random = np.random.default_rng(seed)
    shares = np.ones(k) if sizes is None else np.resize(np.asarray(sizes, float), k)
    wide = np.ones(k) if widths is None else np.resize(np.asarray(widths, float), k)
    truth = random.choice(k, n, p=shares / shares.sum())
    places = middles(random, k, d, gap * wide.max())
    rows = places[truth] + random.normal(size=(n, d)) * wide[truth][:, None]
    return Known(name or f"gap {gap:g}, d {d}", rows, truth)


def ellipsoids(seed: int, n: int, d: int, k: int, stretch: float) -> Known:
    """Return Gaussians whose axes differ by up to `stretch`, turned at random."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, k, n)
    rows = middles(random, k, d, 9 * np.sqrt(stretch))[truth]
    for j in range(k):
        turn = np.linalg.qr(random.normal(size=(d, d)))[0]
        axes = np.exp(random.uniform(-0.5, 0.5, d) * np.log(stretch))
        rows[truth == j] += (random.normal(size=((truth == j).sum(), d)) * axes) @ turn
    return Known(f"ellipsoids x{stretch:g}, d {d}", rows, truth)


def one_long(seed: int, n: int, d: int, factor: float) -> Known:
    """Return one Gaussian that is longer in one direction."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, d))
    rows[:, 0] *= factor
    turn = np.linalg.qr(random.normal(size=(d, d)))[0]
    return Known(f"one Gaussian x{factor:g}, d {d}", rows @ turn, np.zeros(n, np.int64))


def noisy(seed: int, n: int, d: int, k: int, share: float, reach: float) -> Known:
    """Return round Gaussians and uniform noise over `reach` times their box."""
    clean = blobs(seed, n, d, k, 8)
    random = np.random.default_rng(seed + 1)
    count = int(share * n)
    low, high = clean.rows.min(axis=0), clean.rows.max(axis=0)
    noise = (low + high) / 2 + random.uniform(-0.5, 0.5, (count, d)) * (high - low) * reach
    truth = np.concatenate([clean.truth, np.full(count, -1)])
    return Known(f"{share:.0%} noise x{reach:g}, d {d}", np.vstack([clean.rows, noise]), truth)


def hard_sets(quick: bool) -> Iterator[Known]:
    """Yield sets that break an assumption each: overlap, sizes, widths, stretch, noise, tails, rounding."""
    n, random = 1500, np.random.default_rng(31337)
    columns = (2,) if quick else (2, 10)
    for d in columns:
        for gap in (3.0, 3.5, 4.0, 5.0):
            yield blobs(1, n, d, 5, gap)
        yield blobs(2, n, d, 6, 8, sizes=(50, 1, 10, 5, 20, 2), name=f"sizes 50:1, d {d}")
        yield blobs(3, n, d, 6, 8, widths=(0.5, 2, 1, 0.7, 1.5, 1), name=f"deviations .5-2, d {d}")
        yield ellipsoids(4, n, d, 5, 4)
        yield ellipsoids(5, n, d, 5, 25)
        for factor in (1.0, 3.0, 10.0):
            yield one_long(6, n, d, factor)
        yield Known(f"uniform cube, d {d}", random.uniform(size=(n, d)), np.zeros(n, np.int64))
        yield noisy(7, n, d, 5, 0.05 if d == 2 else 0.01, 1 if d == 2 else 4)
    tails = blobs(8, n, 3, 4, 15)
    yield Known("Student t4 tails, d 3", tails.rows + random.standard_t(4, (n, 3)), tails.truth)
    whole = blobs(9, n, 5, 6, 10)
    yield Known("rounded to integers, d 5", whole.rows.round(), whole.truth)
    units = blobs(10, n, 4, 5, 8)
    yield Known("columns x (1,10,.1,100)", units.rows * (1, 10, 0.1, 100), units.truth)


def grid(quick: bool) -> Iterator[Known]:
    """Yield well separated round Gaussians, few and many, in few and many columns."""
    sizes = (500,) if quick else (500, 2000)
    for seed, n in enumerate(sizes):
        for d in (2, 10, 50):
            for k in (3, 10) if quick else (3, 10, 30):
                yield blobs(90_000 + 100 * seed + k, n, d, k, 8, name=f"K {k}, d {d}, n {n}")


def replacements(quick: bool) -> list[tuple[Known, Known]]:
    """Return frames and what replaces each of them: as many rows, other clusters, elsewhere."""
    changes = [(3, 3, 3, 900), (3, 7, 2, 900), (10, 4, 10, 2000), (5, 20, 10, 3000)]
    pairs = []
    for number, (before, after, d, n) in enumerate(changes[:2] if quick else changes):
        old, new = blobs(number, n, d, before, 8), blobs(100 + number, n, d, after, 8)
        name = f"K {before} to {after}, d {d}, {n} rows"
        pairs.append((old, Known(name, new.rows + 300.0, new.truth)))
    return pairs
