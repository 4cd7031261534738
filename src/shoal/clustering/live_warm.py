"""Meet every kernel that following live tasks needs, so that it is compiled or loaded before they come."""

from __future__ import annotations

from typing import Any

import numpy as np

from shoal.clustering.drift import DriftWatch
from shoal.clustering.identity import Identities
from shoal.clustering.live_algorithms import build
from shoal.clustering.quality import quality

_NOTHING: dict[str, Any] = {
    "k": 3, "init_k": None, "max_k": None, "init": None, "given": None, "mu": None, "sigma": None,
    "out_ratio": None, "out_after": None, "amp": None, "b": None, "method": None, "shape": None,
    "min_share": None, "space": "euclid", "inner_space": "euclid", "window": 0, "scale": "none",
    "frame_size": 400, "half_life": None, "flow": False, "random_state": 0,
}  # fmt: skip
_WISHES: tuple[dict[str, Any], ...] = (
    {"name": "kmeans"},
    {"name": "kmeans", "flow": True},
    {"name": "mcmc"},
    {"name": "streaming"},
    {"name": "streaming", "method": "original"},
)


def warm() -> None:
    """Let each algorithm follow a small stream, of few and of several columns, that changes once."""
    for width in (2, 5):
        random = np.random.default_rng(0)
        places = 9 * random.standard_normal((3, width))
        rows = places[random.integers(3, size=600)] + random.standard_normal((600, width))
        for wish in _WISHES:
            _follow(_NOTHING | wish, [rows[:300], rows[300:], rows[:300] + 50])


def _follow(wish: dict[str, Any], pieces: list[Any]) -> None:
    algorithm, watch, known = build(wish), DriftWatch(frame=400), Identities()
    for rows in pieces:
        centres = algorithm.cluster_centers_ if algorithm.__sklearn_is_fitted__() else []
        watch.watch(rows, centres)
        algorithm.absorb(rows)
        for _ in range(20):
            algorithm.iterate()
        known.update(algorithm.cluster_centers_, algorithm.counts_)
        quality(algorithm.frame_, algorithm.labels_, algorithm.cluster_centers_)
        algorithm.predict(rows)
        algorithm.snapshot()
