"""Leave a local maximum: merge two clusters, split a third, climb again (Ueda et al. 2000).

Restarts find the number of groups in a region only by luck. From where they end, the sums of the halves of
every cluster tell, without another pass, which split would gain most and which merge would cost least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.gaussian_kernels import ROWS, feature_count
from shoal.clustering.gaussians.likelihood_kernels import scatter_of
from shoal.clustering.gaussians.move_kernels import collect, gains, halve, move
from shoal.clustering.kernels.packing import Doubles, aligned_empty
from shoal.clustering.modes import DIAGONAL, FULL, SPHERICAL, TIED

if TYPE_CHECKING:
    from shoal.clustering.gaussians.search import LikelihoodSearch, Partition

# Beyond, a covariance costs more than a better axis gains, and clusters are cut across a column.
MOST_SLANTED = 16
CHOICES = 4
TRIES = 4
MOST_MOVES = 8


def rearrange(
    search: LikelihoodSearch, best: Partition, min_members: float, max_iter: int, tol: float
) -> Partition:
    """Return the best partition that moves from the given one, of at least two clusters, lead to."""
    for _ in range(MOST_MOVES):
        better = _next(search, best, min_members, max_iter, tol)
        if better is None:
            return best
        best = better
    return best


def _next(
    search: LikelihoodSearch, best: Partition, min_members: float, max_iter: int, tol: float
) -> Partition | None:
    """Return the outcome of the first move that beats the best so far."""
    search.resume(best)
    moves = _promising(search)
    halved = search.labels.copy()
    for absorber, freed, split in moves:
        search.labels[:] = halved
        move(search.labels, search.prepared.rows, absorber, freed, split)
        search.count()
        other = search.improve(max_iter, tol)
        if search.rank(other, min_members) > search.rank(best, min_members):
            return other
    return None


def _promising(search: LikelihoodSearch) -> list[tuple[int, int, int]]:
    """Return the best few moves (who absorbs whom, who is split); leave the halves in the labels."""
    k = search.k
    splits, merges = np.empty(k), np.zeros((k, k))
    prepared = search.prepared
    gains(
        search.kind,
        search.shape,
        prepared.moment,
        prepared.floor,
        *_halves(search),
        search.work,
        splits,
        merges,
    )
    lower = np.tril_indices(k, -1)
    cheap = np.argsort(merges[lower], kind="stable")[:CHOICES]
    moves = [
        (merges[a, b] - splits[c], a, b, c)
        for a, b in zip(lower[0][cheap].tolist(), lower[1][cheap].tolist(), strict=True)
        for c in np.argsort(-splits, kind="stable")[:CHOICES].tolist()
        if c not in (a, b) and np.isfinite(splits[c])
    ]
    return [_freeing(search, a, b, c) for _, a, b, c in sorted(moves)[:TRIES]]


def _freeing(search: LikelihoodSearch, a: int, b: int, split: int) -> tuple[int, int, int]:
    """Free the number of an empty cluster if one of two is."""
    return (b, a, split) if search.members[a] == 0 else (a, b, split)


def _halves(search: LikelihoodSearch) -> tuple[NDArray[np.int64], Doubles, Doubles]:
    """Cut every cluster across its longest axis; return rows, weights and sums of features of the halves."""
    axes = _axes(search)
    cuts = np.einsum("kd,kd->k", axes, search.means())
    members, counts = np.empty(2 * search.k, np.int64), np.empty(2 * search.k)
    sums = np.empty((2 * search.k, search.sums.shape[1]))
    halve(
        search.prepared.blocks,
        search.prepared.weights,
        search.kind,
        axes,
        cuts,
        search.labels,
        members,
        counts,
        sums,
        search.features,
    )
    return members, counts, sums


def _axes(search: LikelihoodSearch) -> Doubles:
    """Return the direction (k, d) in which each cluster is longest, in units of a tied covariance."""
    if search.prepared.columns > MOST_SLANTED:
        return _longest_columns(search)
    scatters = _scatters(search)
    within = np.eye(search.prepared.columns)
    if search.kind == TIED and search.shape != SPHERICAL:
        shares = search.counts / search.counts.sum()
        pooled = np.einsum("k,kij->ij", shares, scatters)
        if search.shape == DIAGONAL:
            pooled = np.diag(pooled.diagonal())
        within = np.linalg.inv(np.linalg.cholesky(pooled + np.diag(search.prepared.floor))).T
    return np.asarray(np.linalg.eigh(within.T @ scatters @ within)[1][:, :, -1] @ within.T)


def _longest_columns(search: LikelihoodSearch) -> Doubles:
    """Return for each cluster the direction (k, d) of the one column in which it is longest."""
    d = search.prepared.columns
    counts, sums = _collected(search, DIAGONAL)
    shares = np.divide(1.0, counts, out=np.zeros(search.k), where=counts > 0)[:, None]
    spreads = sums[:, d:] * shares - (sums[:, :d] * shares) ** 2
    units = np.ones(d)
    if search.kind == TIED and search.shape != SPHERICAL:
        units /= np.sqrt(search.counts / search.counts.sum() @ spreads + search.prepared.floor)
    longest = (spreads * units**2).argmax(axis=1)
    axes = np.zeros((search.k, d))
    axes[np.arange(search.k), longest] = units[longest]
    return axes


def _scatters(search: LikelihoodSearch) -> Doubles:
    """Return the members' covariances (k, d, d)."""
    d = search.prepared.columns
    counts, sums = _collected(search, FULL)
    scatters = np.zeros((search.k, d, d))
    for j in np.flatnonzero(counts):
        scatter_of(FULL, counts[j], sums[j], scatters[j])
    return scatters


def _collected(search: LikelihoodSearch, kind: int) -> tuple[Doubles, Doubles]:
    """Return the weights (k,) and the sums of features of the clusters, as a mode keeps them."""
    prepared = search.prepared
    width = feature_count(kind, prepared.columns)
    members, counts, sums = np.empty(search.k, np.int64), np.empty(search.k), np.empty((search.k, width))
    features = aligned_empty((1, width, ROWS), np.float64)
    collect(prepared.blocks, prepared.weights, kind, search.labels, members, counts, sums, features)
    return counts, sums
