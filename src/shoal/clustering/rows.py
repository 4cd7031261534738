"""Take rows and weights in at the edge: converted and checked once, so that kernels need check nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from shoal.clustering.limits import InvalidData
from shoal.clustering.packing import Doubles, Floats


def checked_rows(estimator: Any, X: ArrayLike, *, reset: bool, minimum: int = 1) -> Floats:
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
            estimator, X, reset=reset, dtype=[np.float64, np.float32], order="C", ensure_min_samples=minimum
        )
    except ValueError as error:
        raise _as_ours(error) from error
    if rows.dtype == np.float32 and float(np.abs(rows).max()) > 1e18:
        raise InvalidData(
            "The square of a value does not fit float32.", hint="Pass float64, or scale the data."
        )
    return rows


def _as_ours(error: ValueError) -> InvalidData:
    """Return scikit-learn's error as ours; of missing values only the fact, with a remedy that fits."""
    text = str(error)
    if "NaN" in text or "infinity" in text:
        return InvalidData(text.splitlines()[0], hint="Remove such rows, or fill the values in first.")
    return InvalidData(text)


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
        raise InvalidData("Every sample_weight is 0.", hint="Give at least one row a weight.")
    return np.ascontiguousarray(weights)
