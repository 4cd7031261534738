"""How columns go together and how they are spread: correlation, principal components, distributions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow.types as kinds
from numpy.typing import NDArray

from shoal.storage.arrow_values import floats
from shoal.studies.summary import Components, Correlation, Distribution

Doubles = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]
MOST_COLUMNS = 30
BINS = 40
REACH = 4.0  # standard deviations from the mean that the bins cover
CHUNK = 65_536


def correlation_of(table: Any, first: Sequence[str]) -> Correlation:
    """Return the correlations of a table's number columns, at most 30: those named first, then others."""
    numbers = [
        field.name for field in table.schema if kinds.is_integer(field.type) or kinds.is_floating(field.type)
    ]
    ordered = list(dict.fromkeys([*(name for name in first if name in numbers), *numbers]))
    chosen = sorted(ordered[:MOST_COLUMNS], key=numbers.index)

    def parts() -> Iterator[Doubles]:
        for batch in range(0, table.num_rows, CHUNK):
            part = table.slice(batch, CHUNK)
            yield np.column_stack([floats(part.column(name)) for name in chosen])

    return Correlation(
        columns=chosen,
        values=_as_lists(correlations(parts, len(chosen))),
        left_out=len(ordered) - len(chosen),
    )


def correlations(parts: Callable[[], Iterable[Doubles]], columns: int) -> Doubles:
    """Return Pearson's correlations (d, d) of columns, each over the rows where both are finite.

    `parts` gives the rows (n, d) in parts, as often as it is called. NaN stands for a column that does not
    vary there.
    """
    middle = _means(parts(), columns)
    n, sums, squares, products = (np.zeros((columns, columns)) for _ in range(4))
    for values in parts():
        known = np.isfinite(values)
        there = known.astype(np.float64)
        centred = np.where(known, values - middle, 0.0)
        n += there.T @ there
        sums += centred.T @ there
        squares += (centred**2).T @ there
        products += centred.T @ centred
    return _from_sums(n, sums, squares, products)


def _means(parts: Iterable[Doubles], columns: int) -> Doubles:
    sums, counts = np.zeros(columns), np.zeros(columns)
    for values in parts:
        known = np.isfinite(values)
        sums += np.where(known, values, 0.0).sum(axis=0)
        counts += known.sum(axis=0)
    return np.asarray(sums / np.maximum(counts, 1))


def _from_sums(n: Doubles, sums: Doubles, squares: Doubles, products: Doubles) -> Doubles:
    with np.errstate(divide="ignore", invalid="ignore"):
        covariances = products - sums * sums.T / n
        variances = squares - sums**2 / n
        variances[variances <= 1e-12 * squares] = np.nan  # What is left of a constant column is rounding.
        found = np.clip(covariances / np.sqrt(variances * variances.T), -1.0, 1.0)
    varies = np.isfinite(found.diagonal())
    found[varies, varies] = 1.0  # Not a rounding below it.
    return np.asarray(found)


def components_of(
    columns: Sequence[str], center: Doubles, scale: Doubles, covariance: Doubles
) -> Components | None:
    """Return the first two principal components (Pearson 1901) of rows with this covariance (d, d).

    `center` and `scale` (d,) bring rows into its space and to mean 0. Each points where its largest loading
    is positive. One column has no two components: None.
    """
    if len(columns) < 2:
        return None
    variances, vectors = np.linalg.eigh(covariance)
    loadings = vectors[:, ::-1][:, :2].T
    largest = loadings[np.arange(2), np.abs(loadings).argmax(axis=1)]
    loadings = loadings * np.where(largest < 0, -1.0, 1.0)[:, None]
    total = float(variances.sum())
    shares = [float(max(one, 0.0)) / total if total > 0 else 0.0 for one in variances[::-1][:2]]
    return Components(
        columns=list(columns),
        center=center.tolist(),
        scale=scale.tolist(),
        loadings=loadings.tolist(),
        shares=shares,
    )


def distributions_of(
    values: Doubles, labels: Labels, clusters: int, columns: Sequence[str]
) -> dict[str, Distribution]:
    """Return for at most 30 columns (n, d) how many rows of each cluster are in each of 40 bins."""
    found = {}
    for place, name in enumerate(columns[:MOST_COLUMNS]):
        found[name] = _distribution(values[:, place], labels, clusters)
    return found


def _distribution(values: Doubles, labels: Labels, clusters: int) -> Distribution:
    mean, sd = float(values.mean()), float(values.std())
    low = max(float(values.min()), mean - REACH * sd)
    high = min(float(values.max()), mean + REACH * sd)
    span = high - low
    inside = (values >= low) & (values <= high)
    bins = np.minimum(((values[inside] - low) * (BINS / span)).astype(np.int64), BINS - 1) if span > 0 else 0
    counts = np.bincount(labels[inside] * BINS + bins, minlength=clusters * BINS).reshape(clusters, BINS)
    return Distribution(low=low, high=high, counts=counts.tolist(), beyond=int((~inside).sum()))


def _as_lists(values: Doubles) -> list[list[float | None]]:
    return [[None if value != value else value for value in row] for row in values.tolist()]
