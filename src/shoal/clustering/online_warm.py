"""Meet every kernel of the clusterers of arriving rows once, so that it is compiled or loaded."""

from __future__ import annotations

import numpy as np

from shoal.clustering.frame_kmeans import FrameKMeans
from shoal.clustering.online_kmeans import OnlineKMeans


def warm() -> None:
    """Cluster a few rows along each way that a stream can take."""
    rows = np.random.default_rng(0).random((4096, 2))
    rows[2048:] += 9.0
    for weights in (None, np.ones(len(rows))):
        model = OnlineKMeans(2, random_state=0).fit(rows, sample_weight=weights)
        model.partial_fit(rows[:1]).merge(OnlineKMeans(2, random_state=1).fit(rows[:2048]))
        _ = model.labels_, model.metrics_
    for init in ("k-means++", "random"):
        frame = FrameKMeans(2, frame_size=100, init=init, random_state=0).fit(rows[:64])
        frame.partial_fit(rows[:1]).partial_fit(rows[2048:2148]).iterate()
        _ = frame.labels_, frame.metrics_
