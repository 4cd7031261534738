"""Take rows and weights in at the edge: converted and checked once, so that kernels need check nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from shoal.clustering.kernels.jit import kernel
from shoal.clustering.kernels.packing import Doubles, Floats
from shoal.clustering.limits import InvalidData


def checked_rows(estimator: Any, X: ArrayLike, *, reset: bool) -> Floats:
    """Return rows (n, d) as C-contiguous float32 or float64, all finite; else raise `InvalidData`.

    Anything but float32 becomes float64. With `reset` the estimator learns the number and names of the
    columns; without, they must be those it knows.
    """
    if issparse(X):
        raise InvalidData(
            "Sparse input is not supported: the rows must be a dense table.", hint="Pass X.toarray()."
        )
    try:
        rows: Floats = validate_data(
            estimator, X, reset=reset, dtype=[np.float64, np.float32], order="C", ensure_all_finite=False
        )
    except ValueError as error:
        raise InvalidData(str(error)) from error
    rows = as_writable(rows)
    _refuse_unusable(rows)
    return rows


class _Writable:
    """Lend an array's memory to numpy as if it could be written to."""

    def __init__(self, array: NDArray[Any]) -> None:
        interface = array.__array_interface__
        self.__array_interface__ = interface | {"data": (interface["data"][0], False)}
        self._owner = array


def as_writable(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, or a view of a read-only one that hides it: kernels are compiled for each kind.

    No kernel writes to rows or weights, so this saves a compilation, or a copy of memory-mapped data.
    """
    return array if array.flags.writeable else np.asarray(_Writable(array))


@kernel
def _largest_bits(words: NDArray[Any], magnitude: Any) -> int:
    """Return the largest magnitude of floats seen as signed words; NaN and infinity are beyond numbers."""
    largest = magnitude ^ magnitude
    for i in range(words.shape[0]):
        largest = max(largest, words[i] & magnitude)
    return int(largest)


def _refuse_unusable(rows: Floats) -> None:
    """Raise `InvalidData` when a value, or its square, is not a finite number of the rows' type."""
    words = rows.reshape(-1).view(np.dtype(f"i{rows.dtype.itemsize}"))
    magnitude = words.dtype.type(np.iinfo(words.dtype).max)
    largest = np.array([_largest_bits(words, magnitude)], words.dtype).view(rows.dtype)[0]
    if largest < np.sqrt(np.finfo(rows.dtype).max) / 16:
        return
    if np.isfinite(largest):
        raise InvalidData("The square of a value is too large for its type.", hint="Scale the data.")
    what = "NaN" if np.isnan(rows).any() else "infinity"
    raise InvalidData(f"Input X contains {what}.", hint="Remove such rows, or fill the values in first.")


def checked_weights(sample_weight: ArrayLike | None, n: int) -> Doubles:
    """Return weights (n,) in float64, or an empty array for None; raise `InvalidData` for unusable ones."""
    if sample_weight is None:
        return np.empty(0)
    try:
        weights: Doubles = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidData(f"sample_weight does not hold numbers: {error}.") from error
    if weights.ndim == 0:
        weights = np.full(n, float(weights))
    if weights.shape != (n,):
        raise InvalidData(f"sample_weight has shape {weights.shape}, but there are {n} rows.")
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise InvalidData("sample_weight has values below 0 or not finite.", hint="Weights start at 0.")
    if not weights.any():
        raise InvalidData("Every sample_weight is zero.", hint="Give at least one row a weight.")
    return as_writable(np.ascontiguousarray(weights))
