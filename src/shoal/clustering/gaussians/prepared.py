"""Rows made ready once, for any number of Gaussian fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from shoal.clustering.gaussians.covariance_kernels import lift
from shoal.clustering.kernels.drawing import Hashes, hash_rows
from shoal.clustering.kernels.packing import Doubles, PackedRows, pack
from shoal.clustering.limits import InvalidData
from shoal.clustering.lloyd.plusplus import Seeding

REG_COVAR = 1e-6
# A variance below this share of a column's own can only be rounding.
LEAST_REG = 1e-12
# Beyond, products of variances leave the range of doubles.
LEAST_VARIANCE = 1e-100
# So many standard deviations hold the middle nine tenths of a normal distribution.
NINE_TENTHS = 3.29

# Restarts on so many rows find the same maxima as on all; ten clusters have twenty rows a parameter in each.
SAMPLE_ROWS = 2048
SAMPLE_ROWS_PER_COLUMN = 200
LEAST_SAVING = 2
CHUNK_ROWS = 65536


@dataclass(frozen=True, eq=False)
class Prepared:
    """Hold what every fit over the same rows needs; read-only, so threads may share it.

    `packed` are the rows (n, d) in float64, standardised by `center` and `scale` (d,) if that was asked for,
    and packed from their medians. `weights` (n,) are positive but where a row is to be ignored; `total` is
    their sum, which takes the place of n in scores. `first` (d,) and `moment` (d, d) are the sums of w x and
    w x x' of the packed rows, `floor` (d,) is the least variance a cluster may have, `flat` the number of
    directions in which all rows together vary less than that, `distinct` the number of different rows,
    `sample` some of the rows where there are many.
    """

    packed: PackedRows
    center: Doubles
    scale: Doubles
    weights: Doubles
    total: float
    first: Doubles
    moment: Doubles
    floor: Doubles
    flat: int
    distinct: int
    seeding: Seeding
    sample: Prepared | None

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.packed.count

    @property
    def columns(self) -> int:
        """Return the number of columns."""
        return self.packed.features

    @property
    def blocks(self) -> Doubles:
        """Return the packed rows (blocks, d, rows in a block)."""
        return np.asarray(self.packed.blocks, dtype=np.float64)

    def transform(self, X: ArrayLike) -> Doubles:
        """Bring other rows (m, d) to the space the fits are in."""
        return np.asarray((np.asarray(X, dtype=np.float64) - self.center) / self.scale)


def prepare(
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    scale: bool = False,
    reg_covar: float = REG_COVAR,
) -> Prepared:
    """Pack rows (n, d) for fitting; n and d are at least 1.

    With `scale` every column gets mean 0 and population standard deviation 1 (a constant one: 0), and fits
    and their scores are in that space. `reg_covar` is the least variance of a cluster, as a share of the
    column's. `sample_weight` (n,) is not negative and not all 0. Raises `InvalidData`.
    """
    rows = _as_rows(X)
    weights = _as_weights(sample_weight, rows.shape[0])
    center, scales = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    if scale:
        center, scales = _location(rows, weights)
        rows = np.ascontiguousarray((rows - center) / scales)
    low, middle, high = _quantiles(rows, weights)
    packed = pack(rows, middle)
    first, moment = _sums(packed, weights)
    mean = first / weights.sum()
    covariance = moment / weights.sum() - np.outer(mean, mean)
    _refuse_extremes(covariance.diagonal())
    floor = _floor(low, high, covariance.diagonal(), reg_covar)
    hashes = hash_rows(rows)
    whole = Prepared(
        packed=packed,
        center=center,
        scale=scales,
        weights=weights,
        total=float(weights.sum()),
        first=first,
        moment=moment,
        floor=floor,
        flat=_flat_directions(covariance, floor),
        distinct=len(np.unique(hashes[weights > 0])),
        seeding=Seeding(packed, weights),
        sample=None,
    )
    return replace(whole, sample=_sample(whole, hashes))


def _sample(whole: Prepared, hashes: Hashes) -> Prepared | None:
    """Return about `SAMPLE_ROWS` of many more rows, chosen by what they hold, whatever their order."""
    size = max(SAMPLE_ROWS, SAMPLE_ROWS_PER_COLUMN * (whole.columns + 1))
    if whole.distinct < LEAST_SAVING * size:
        return None
    # Hashes are spread evenly, and rows that are alike share one, so a row stays with its repetitions.
    bound = np.uint64(size / whole.distinct * np.iinfo(np.uint64).max)
    chosen = (hashes < bound) & (whole.weights > 0)
    weights = whole.weights[chosen]
    packed = pack(np.ascontiguousarray(whole.packed.rows[chosen]), whole.packed.offset)
    first, moment = _sums(packed, weights)
    return replace(
        whole,
        packed=packed,
        weights=weights,
        total=float(weights.sum()),
        first=first,
        moment=moment,
        distinct=len(np.unique(hashes[chosen])),
        seeding=Seeding(packed, weights),
    )


def _sums(packed: PackedRows, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return the weighted sums of the packed rows and of their products, by chunks to save memory."""
    first, moment = np.zeros(packed.features), np.zeros((packed.features, packed.features))
    for start in range(0, packed.count, CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        rows = packed.rows[part] - packed.offset
        weighted = rows * weights[part, None]
        first += weighted.sum(axis=0)
        moment += weighted.T @ rows
    return first, moment


def _as_rows(X: ArrayLike) -> Doubles:
    rows = np.ascontiguousarray(X, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0 or not np.isfinite(rows).all():
        raise InvalidData("The rows are not a table of finite numbers.", hint="Give an array (n, d).")
    # Kernels are compiled for arrays that may be written to.
    return rows if rows.flags.writeable else rows.copy()


def _as_weights(given: ArrayLike | None, n: int) -> Doubles:
    if given is None:
        return np.ones(n)
    weights = np.ascontiguousarray(given, dtype=np.float64)
    if weights.shape != (n,) or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise InvalidData("The weights are not one number from 0 upwards for each row, some above 0.")
    return weights if weights.flags.writeable else weights.copy()


def _location(rows: Doubles, weights: Doubles) -> tuple[Doubles, Doubles]:
    """Return each column's mean and population standard deviation (1 if constant)."""
    center = np.average(rows, axis=0, weights=weights)
    counted = rows[weights > 0]
    constant = counted.min(axis=0) == counted.max(axis=0)
    center[constant] = counted[0, constant]
    gaps = rows - center
    # Divided by the largest, so that squares neither overflow nor vanish.
    largest = np.abs(gaps).max(axis=0)
    largest[constant | (largest == 0)] = 1.0
    deviation = largest * np.sqrt(np.average((gaps / largest) ** 2, axis=0, weights=weights))
    deviation[constant | (deviation == 0)] = 1.0
    return center, deviation


def _refuse_extremes(variances: Doubles) -> None:
    varying = variances[variances != 0]
    if not ((varying > LEAST_VARIANCE) & (varying < 1 / LEAST_VARIANCE)).all():
        raise InvalidData("A column varies too much or too little to be squared.", hint="Scale the columns.")


def _quantiles(rows: Doubles, weights: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return each column's median, to measure rows from, between the ends of its middle nine tenths."""
    given = None if (weights == 1).all() else weights
    low, middle, high = np.quantile(rows, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf", weights=given)
    return low, middle, high


def _floor(low: Doubles, high: Doubles, variances: Doubles, reg_covar: float) -> Doubles:
    """Return the least variance a cluster may have in each column; a constant column counts as the others.

    A few rows far out must not raise it, so the spread of the middle nine tenths is used where it is less.
    """
    middle = ((high - low) / NINE_TENTHS) ** 2
    usual = np.where(middle > 0, np.minimum(middle, variances), variances)
    typical = usual[usual > 0].mean() if (usual > 0).any() else 1.0
    return np.asarray(np.where(usual > 0, usual, typical) * max(reg_covar, LEAST_REG))


def _flat_directions(covariance: Doubles, floor: Doubles) -> int:
    d = len(floor)
    return int(lift(covariance.copy(), floor, np.empty((3, d, d))))
