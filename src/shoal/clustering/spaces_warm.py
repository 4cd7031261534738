"""Meet every kernel of time warping once, so that it is compiled or loaded."""

from __future__ import annotations

import numpy as np

from shoal.clustering.spaces.series import Series
from shoal.clustering.spaces.series_kmeans import SeriesKMeans
from shoal.clustering.spaces.series_mcmc import SeriesMCMC
from shoal.clustering.spaces.series_streaming import SeriesStreaming
from shoal.clustering.spaces.warping import Inner, warping_distances


def warm() -> None:
    """Compare, average and cluster two series, in both data types and inner spaces."""
    random = np.random.default_rng(0)
    for columns in (1, 2):
        pair = [random.normal(size=(4, columns)) for _ in range(2)]
        inners: tuple[Inner, Inner] = ("euclid", "cosinus")
        for inner in inners:
            space = Series(inner, 2)
            space.combine(pair[0], 1.0, pair[1], 2.0)
            space.distances(pair, pair)
    for clusterer in (SeriesKMeans(1), SeriesMCMC(), SeriesStreaming(), SeriesStreaming(method="original")):
        clusterer.fit(pair)
    single = [one.astype(np.float32) for one in pair]
    warping_distances(single, single)
