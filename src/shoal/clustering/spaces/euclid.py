"""Vectors at straight-line distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from shoal.clustering.spaces.space import Doubles, Element, Elements
from shoal.clustering.spaces.vectors import checked_vectors, nearest_vectors, weighted_mean


class Euclid:
    """Measure sqrt(sum (a - b)^2)."""

    name = "euclid"
    is_flat = True

    def checked(self, rows: Any) -> Elements:
        """Return finite rows (n, d) in float64."""
        return checked_vectors(rows)

    def distances(self, a: Elements, b: Elements) -> Doubles:
        """Return distances (n, m)."""
        found: Doubles = cdist(a, b)
        return found

    def nearest(self, rows: Elements, centres: Elements) -> tuple[NDArray[np.int32], Doubles]:
        """Return the nearest centre (n,) of each row, the lowest of equals, and its distance."""
        return nearest_vectors(np.asarray(rows), np.asarray(centres))

    def combine(self, a: Element, a_weight: float, b: Element, b_weight: float) -> Element:
        """Return the weighted mean of two vectors."""
        return weighted_mean(a, a_weight, b, b_weight)


EUCLID = Euclid()
