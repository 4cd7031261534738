"""Find clusters in arrays: estimators with scikit-learn's interface over compiled kernels.

Names are loaded when first used, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shoal.clustering.frame_kmeans import FrameKMeans
    from shoal.clustering.gaussian import GaussianKMeans
    from shoal.clustering.kmeans import KMeans
    from shoal.clustering.mcmc_clusterer import MCMCClusterer
    from shoal.clustering.online_kmeans import OnlineKMeans
    from shoal.clustering.selector import GaussianKMeansSelector
    from shoal.clustering.streaming_clusterer import StreamingClusterer

__all__ = [
    "FrameKMeans",
    "GaussianKMeans",
    "GaussianKMeansSelector",
    "KMeans",
    "MCMCClusterer",
    "OnlineKMeans",
    "StreamingClusterer",
]

_HOMES = {
    "FrameKMeans": "frame_kmeans",
    "GaussianKMeans": "gaussian",
    "GaussianKMeansSelector": "selector",
    "KMeans": "kmeans",
    "MCMCClusterer": "mcmc_clusterer",
    "OnlineKMeans": "online_kmeans",
    "StreamingClusterer": "streaming_clusterer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
