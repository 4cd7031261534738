"""Vectors of complex numbers, held as pairs of real ones: re, im, re, im and so on."""

from __future__ import annotations

from typing import Any

import numpy as np

from shoal.clustering.limits import InvalidData
from shoal.clustering.spaces.euclid import Euclid
from shoal.clustering.spaces.space import Doubles, Elements
from shoal.clustering.spaces.vectors import checked_vectors


class Complex(Euclid):
    """Measure sqrt(sum |a - b|^2), which is the Euclidean distance of the pairs."""

    name = "complex"

    def checked(self, rows: Any) -> Elements:
        """Return complex rows (n, d), or pairs (n, 2 d), as finite pairs (n, 2 d) in float64."""
        table = np.asarray(rows)
        if np.iscomplexobj(table):
            return checked_vectors(as_pairs(table))
        pairs = checked_vectors(rows)
        if pairs.shape[1] % 2:
            raise InvalidData(
                f"The rows have {pairs.shape[1]} numbers, which are no pairs.",
                hint="Give each complex number as its real and its imaginary part.",
            )
        return pairs


def as_pairs(table: Any) -> Doubles:
    """Return complex numbers (n, d) as pairs (n, 2 d)."""
    return np.ascontiguousarray(table, dtype=np.complex128).view(np.float64)


def as_complex(pairs: Doubles) -> Any:
    """Return pairs (n, 2 d) as complex numbers (n, d)."""
    return np.ascontiguousarray(pairs).view(np.complex128)


COMPLEX = Complex()
