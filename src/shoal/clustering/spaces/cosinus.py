"""Vectors at cosine distance: only their direction matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from shoal.clustering.limits import InvalidData
from shoal.clustering.spaces.space import Doubles, Element, Elements
from shoal.clustering.spaces.vectors import checked_vectors, nearest_vectors, weighted_mean


def nonzero(rows: Doubles, what: str) -> Doubles:
    """Return rows (n, d), or raise `InvalidData` that names the first zero vector: it has no direction."""
    zero = np.flatnonzero(~rows.any(axis=1))
    if zero.size:
        raise InvalidData(
            f"{what} {int(zero[0])} is a zero vector, which has no direction.",
            hint="Leave it out, or use the space 'euclid'.",
            row=int(zero[0]),
        )
    return rows


def directions(rows: Doubles) -> Doubles:
    """Return vectors (n, d) divided by their lengths; zero vectors stay what they are."""
    largest = np.abs(rows).max(axis=1, keepdims=True)  # Divided by first, for its square may not exist.
    unit: Doubles = rows / np.where(largest > 0, largest, 1.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    unit /= np.where(lengths > 0, lengths, 1.0)
    return unit


class Cosinus:
    """Measure 1 - <a, b> / (|a| |b|), from 0 to 2."""

    name = "cosinus"
    is_flat = False

    def checked(self, rows: Any) -> Elements:
        """Return finite rows (n, d), none of them zero."""
        return nonzero(checked_vectors(rows), "Row")

    def distances(self, a: Elements, b: Elements) -> Doubles:
        """Return distances (n, m): exactly 0 for equal vectors, 1 from a zero vector, as a mean may be."""
        ones, others = directions(np.asarray(a)), directions(np.asarray(b))
        # Half of |a - b|^2 is the same as 1 - <a, b>, but keeps the digits of small distances.
        found: Doubles = np.minimum(cdist(ones, others, "sqeuclidean") / 2, 2.0)
        found[~ones.any(axis=1)] = 1.0
        found[:, ~others.any(axis=1)] = 1.0
        return found

    def nearest(self, rows: Elements, centres: Elements) -> tuple[NDArray[np.int32], Doubles]:
        """Return the nearest centre (n,) of each row, the lowest of equals, and its distance."""
        middles = np.asarray(centres)
        if middles.any(axis=1).all():
            labels, gaps = nearest_vectors(directions(np.asarray(rows)), directions(middles))
            return labels, np.minimum(gaps * gaps / 2, 2.0)
        found = self.distances(rows, centres)
        labels = found.argmin(axis=1).astype(np.int32)
        return labels, found[np.arange(len(labels)), labels]

    def combine(self, a: Element, a_weight: float, b: Element, b_weight: float) -> Element:
        """Return the weighted mean of two vectors, as they are."""
        return weighted_mean(a, a_weight, b, b_weight)


COSINUS = Cosinus()
