"""Say what every space offers: distances between elements, and weighted means of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Element = Doubles  # A vector (d,), or a series (length, d).
Elements = Doubles | Sequence[Doubles]  # Vectors (n, d), or n series.


class Space(Protocol):
    """Measure and mix elements; they come checked, as `checked` returns them."""

    name: str
    is_flat: bool  # The mean of elements is the plain mean of their numbers, and distances are Euclidean.

    def checked(self, rows: Any) -> Elements:
        """Return rows as elements of this space, or raise `InvalidData` that names the first bad row."""

    def distances(self, a: Elements, b: Elements) -> Doubles:
        """Return the distance (n, m) of each of n elements to each of m."""

    def nearest(self, rows: Elements, centres: Elements) -> tuple[NDArray[np.int32], Doubles]:
        """Return the nearest centre (n,) of each row, the lowest of equals, and its distance."""

    def combine(self, a: Element, a_weight: float, b: Element, b_weight: float) -> Element:
        """Return the weighted mean of two elements."""
