"""Make clusterers of live rows for other spaces of those for Euclid's.

Cosine distance is half the squared Euclidean distance of rows divided by their lengths, and complex numbers
are pairs of real ones: there the same clusterers do, given other rows. Series have clusterers of their own.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from shoal.clustering.limits import InvalidParameter
from shoal.clustering.spaces.complex_vectors import COMPLEX
from shoal.clustering.spaces.cosinus import COSINUS, directions
from shoal.clustering.spaces.space import Doubles

_SERIES = {
    "FrameKMeans": ("series_kmeans", "SeriesKMeans"),
    "OnlineKMeans": ("series_kmeans", "SeriesOnlineKMeans"),
    "MCMCClusterer": ("series_mcmc", "SeriesMCMC"),
    "StreamingClusterer": ("series_streaming", "SeriesStreaming"),
}


class _Viewed:
    """Give a clusterer rows as its space sees them."""

    @staticmethod
    def _as_compared(X: Any) -> Doubles:
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Forget everything, take rows in and iterate until they settle."""
        return super().fit(self._as_compared(X), y, sample_weight)  # type: ignore[misc, no-any-return]

    def absorb(self, X: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Take rows in, without an iteration: all of them, or none and `InvalidData`."""
        return super().absorb(self._as_compared(X), sample_weight)  # type: ignore[misc, no-any-return]

    def predict(self, X: Any) -> Any:
        """Return the cluster (n,) of each row."""
        return super().predict(self._as_compared(X))  # type: ignore[misc]


class _Directions(_Viewed):
    """See rows divided by their lengths; `frame_` and `cluster_centers_` are of such rows."""

    @staticmethod
    def _as_compared(X: Any) -> Doubles:
        return directions(np.asarray(COSINUS.checked(X)))


class _Pairs(_Viewed):
    """See complex rows (n, d) as pairs (n, 2 d) of real and imaginary parts."""

    @staticmethod
    def _as_compared(X: Any) -> Doubles:
        return np.asarray(COMPLEX.checked(X))


_VIEWS = {"cosinus": ("Cosinus", _Directions), "complex": ("Complex", _Pairs)}


@cache
def in_space(clusterer: type, space: str) -> type:
    """Return the class that does in another space what a clusterer does in Euclid's.

    `clusterer` is FrameKMeans, OnlineKMeans, MCMCClusterer or StreamingClusterer. Those of series have the
    parameters `inner_space` and `window`, and of the others those that series can have.
    """
    if space == "euclid":
        return clusterer
    if space == "series" and clusterer.__name__ in _SERIES:
        module, name = _SERIES[clusterer.__name__]
        found: type = getattr(import_module(f"shoal.clustering.spaces.{module}"), name)
        return found
    if space not in _VIEWS:
        raise InvalidParameter(f"{clusterer.__name__} is not for the space {space!r}.")
    prefix, view = _VIEWS[space]
    return type(f"{prefix}{clusterer.__name__}", (view, clusterer), {"__doc__": clusterer.__doc__})
