"""Join neighbouring cells that have no gap between their rows, for clusters of any shape.

The rows of two cells are seen along the line through their means. Between two clusters they thin out: half
way there are fewer than at the mean that has fewer. Within one cluster they do not, however its density
falls off, so a stretched cluster that was cut into slices is put together again, slice by slice, also around
a bend. A sparse cell of stragglers between clusters has no gap to either; it joins the denser one, but is no
bridge to the other (as peaks are told from saddles by Chazal et al., Journal of the ACM 60, 2013).

The price is resolution: two Gaussians nearer than 3 deviations have no gap either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.kernels.jit import summing_kernel
from shoal.clustering.kernels.packing import Doubles

SAMPLE = 8192
WINDOW = 0.125  # to either side of a mean and of the middle, as a share of the distance of the means
THIN, DOUBT = 0.75, 1.5  # how thin is a gap, and how many deviations of the count are its doubt
BRIDGE = np.log(10.0)  # how far below a peak a cell may be that joins it to a higher one, in log-density


@summing_kernel
def _count(
    rows: Doubles, weights: Doubles, labels: NDArray[np.int32], means: Doubles
) -> tuple[Doubles, Doubles]:
    """Return, for each pair of cells (k, k), the masses near the first's mean and half way to the other."""
    k, d = means.shape
    near, halfway = np.zeros((k, k)), np.zeros((k, k))
    squares = np.zeros((k, k))
    for a in range(k):
        for b in range(k):
            for j in range(d):
                squares[a, b] += (means[b, j] - means[a, j]) * (means[b, j] - means[a, j])
    for i in range(rows.shape[0]):
        a = labels[i]
        for b in range(k):
            if squares[a, b] > 0.0:
                along = 0.0
                for j in range(d):
                    along += (rows[i, j] - means[a, j]) * (means[b, j] - means[a, j])
                along /= squares[a, b]
                if abs(along) <= WINDOW:
                    near[a, b] += weights[i]
                elif abs(along - 0.5) <= WINDOW:
                    halfway[a, b] += weights[i]
                elif abs(along - 1.0) <= WINDOW:
                    near[b, a] += weights[i]
    return near, halfway


def join_cells(
    rows: Doubles, weights: Doubles, labels: NDArray[np.int32], means: Doubles, heights: Doubles
) -> NDArray[np.int64]:
    """Return the group (k,) of each of k cells.

    Given are labelled rows (n, d), the cells' means (k, d) and the logarithms of their densities (k,).
    """
    step = -(-len(rows) // SAMPLE)
    rows, labels = np.ascontiguousarray(rows[::step]), labels[::step]
    near, halfway = _count(rows, weights[::step].copy(), labels, means)
    between = halfway + halfway.T
    gap = between + DOUBT * np.sqrt(between) < THIN * np.minimum(near, near.T)
    return _peaks(~gap, heights)


def _peaks(linked: NDArray[np.bool_], heights: Doubles) -> NDArray[np.int64]:
    """Group linked cells from the densest down; two groups meet at a cell not far below the lower's peak."""
    groups = np.full(len(heights), -1)
    for cell in np.argsort(-heights, kind="stable"):
        above = np.unique(groups[linked[cell] & (groups >= 0)])
        peaks = above[np.argsort(-heights[above], kind="stable")]  # A group is named by its densest cell.
        groups[cell] = peaks[0] if len(peaks) else cell
        for lower in peaks[1:]:
            if heights[cell] >= heights[lower] - BRIDGE:
                groups[groups == lower] = peaks[0]
    return np.unique(groups, return_inverse=True)[1]
