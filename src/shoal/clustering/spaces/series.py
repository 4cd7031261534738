"""Series of vectors, compared by dynamic time warping and averaged along its path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.limits import InvalidData
from shoal.clustering.spaces.cosinus import directions, nonzero
from shoal.clustering.spaces.resampling import resampled, resized
from shoal.clustering.spaces.space import Doubles, Element, Elements
from shoal.clustering.spaces.vectors import checked_vectors
from shoal.clustering.spaces.warping import Inner, warping_distances, warping_path


class Series:
    """Measure series (length, d) by dynamic time warping over an inner space.

    `window` is by how many steps paired ones may be apart, 0 for any number. Where two lengths differ by
    more, the longer series is first resized to the shorter's length and the window.
    """

    name = "series"
    is_flat = False

    def __init__(self, inner: Inner = "euclid", window: int = 0) -> None:
        self.inner, self.window = inner, window

    def checked(self, rows: Any) -> Elements:
        """Return series as a list of finite arrays (length, d), all of one d; else raise `InvalidData`.

        Series of numbers may be given flat.
        """
        found = [self._checked_one(row, number) for number, row in enumerate(rows)]
        for number, one in enumerate(found):
            if one.shape[1] != found[0].shape[1]:
                raise InvalidData(
                    f"Series {number} has vectors of {one.shape[1]} numbers, others of {found[0].shape[1]}.",
                    row=number,
                )
        return found

    def _checked_one(self, row: Any, number: int) -> Doubles:
        try:
            array = np.asarray(row, dtype=np.float64)
            one = checked_vectors(array[:, None] if array.ndim == 1 else array)
        except (InvalidData, TypeError, ValueError) as error:
            raise InvalidData(f"Series {number} cannot be used: {error}", row=number) from error
        if not len(one):
            raise InvalidData(f"Series {number} is empty.", row=number)
        if self.inner == "cosinus":
            nonzero(one, f"Series {number}: step")
        return one

    def distances(self, a: Elements, b: Elements) -> Doubles:
        """Return the distances (n, m), sums over the path in the unit of the inner space."""
        ones, others = list(a), list(b)
        lengths = [len(one) for one in ones + others]
        if not self.window or not lengths or max(lengths) - min(lengths) <= self.window:
            return warping_distances(self.seen(ones), self.seen(others), self.window, self.inner)
        return self._resizing_distances(ones, others)

    def _resizing_distances(self, ones: Sequence[Doubles], others: Sequence[Doubles]) -> Doubles:
        """Compare series of each length with those of each other, resized as the pair of lengths asks for."""
        found = np.empty((len(ones), len(others)))
        for rows in _by_length(ones):
            for columns in _by_length(others):
                short, long = len(ones[rows[0]]), len(others[columns[0]])
                left = [resized(ones[place], min(short, long + self.window)) for place in rows]
                right = [resized(others[place], min(long, short + self.window)) for place in columns]
                gaps = warping_distances(self.seen(left), self.seen(right), self.window, self.inner)
                found[np.ix_(rows, columns)] = gaps
        return found

    def nearest(self, rows: Elements, centres: Elements) -> tuple[NDArray[np.int32], Doubles]:
        """Return the nearest centre (n,) of each series, the lowest of equals, and its distance."""
        gaps = self.distances(rows, centres)
        labels = gaps.argmin(axis=1).astype(np.int32)
        return labels, gaps[np.arange(len(labels)), labels]

    def combine(self, a: Element, a_weight: float, b: Element, b_weight: float) -> Element:
        """Return the weighted mean along the path, where steps i and j meet at i * a_weight + j * b_weight.

        Its steps lie the sum of the weights apart, so the last one may fall off (as in distclus).
        """
        if not a_weight or not b_weight:
            return a if a_weight else b
        if self.window:
            short, long = min(len(a), len(b) + self.window), min(len(b), len(a) + self.window)
            a, b = resized(a, short), resized(b, long)
        one, other = self.seen([a, b])
        path = warping_path(one, other, self.window, self.inner)
        i, j = path[:, 0], path[:, 1]
        total = a_weight + b_weight
        means = (a_weight * a[i] + b_weight * b[j]) / total
        return resampled(i * a_weight + j * b_weight, means, total)

    def seen(self, series: Sequence[Doubles]) -> list[Doubles]:
        """Return series as the inner space compares them."""
        return [directions(one) for one in series] if self.inner == "cosinus" else list(series)


def _by_length(series: Sequence[Doubles]) -> list[NDArray[np.int64]]:
    """Return the places of the series of each length."""
    lengths = np.array([len(one) for one in series])
    return [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
