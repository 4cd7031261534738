"""Meet every kernel of K-Means once, so that it is compiled or loaded."""

from __future__ import annotations

import numpy as np

from shoal.clustering.kmeans import KMeans

# Enough for bounds to be kept; see `lloyd.new_state`.
CLUSTERS, FEATURES = 64, 64


def warm() -> None:
    """Fit something small in each data type, along each way that a fit can take."""
    random = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        rows = random.random((4 * CLUSTERS, FEATURES)).astype(dtype)
        drawn = KMeans(2, init="random", n_init=1, random_state=0).fit(rows, sample_weight=np.ones(len(rows)))
        drawn.score(rows)
        drawn.predict(rows)
        KMeans(CLUSTERS, max_iter=25, tol=0, random_state=0).fit(rows)
        # The second centre gets no row at first, so it is relocated.
        KMeans(2, init=[[0.0], [9.0]]).fit(np.array([[0.0], [1.0], [2.0]], dtype))
