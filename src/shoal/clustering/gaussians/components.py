"""Gaussian clusters whose parameters are known, and what they say of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.gaussians.density_kernels import shared_score, unsquared_distances
from shoal.clustering.gaussians.distance_kernels import old_covariances
from shoal.clustering.gaussians.gaussian_kernels import members_moments
from shoal.clustering.gaussians.likelihood_kernels import restrict
from shoal.clustering.gaussians.prepared import Prepared
from shoal.clustering.kernels.packing import Doubles
from shoal.clustering.modes import KINDS, Mode
from shoal.clustering.scores import LN_TWO_PI

Labels = NDArray[np.int32]
CHUNK_ROWS = 16384


@dataclass(frozen=True, eq=False)
class Members:
    """Hold the weight (k,), mean (k, d) and covariance (k, d, d) of each cluster's own rows.

    Means are relative to the origin that the rows were packed with; an empty cluster has zeros.
    """

    masses: Doubles
    means: Doubles
    scatters: Doubles

    @classmethod
    def of(cls, prepared: Prepared, labels: Labels, k: int) -> Members:
        """Measure the clusters 0..k-1 of `labels` (n,)."""
        d = prepared.columns
        members = cls(np.empty(k), np.empty((k, d)), np.empty((k, d, d)))
        members_moments(
            prepared.blocks, prepared.weights, labels, members.masses, members.means, members.scatters
        )
        return members


@dataclass(frozen=True, eq=False)
class Components:
    """Hold shares (k,), means (k, d), covariances S (k, d, d), their inverses and ln|S| (k,).

    Tied clusters have equal covariances. Means are in the space of the prepared rows.
    """

    weights: Doubles
    means: Doubles
    covariances: Doubles
    precisions: Doubles
    log_determinants: Doubles

    @classmethod
    def likeliest(cls, prepared: Prepared, members: Members, mode: Mode) -> Components:
        """Choose the parameters of greatest likelihood that the mode and the floor allow; none is empty."""
        scatters = members.scatters.copy()
        if mode.tied:
            scatters = np.average(scatters, axis=0, weights=members.masses)[None]
        precisions = np.empty_like(scatters)
        logs = np.empty(len(scatters))
        work = np.empty((3, *scatters.shape[1:]))
        for j, (scatter, precision) in enumerate(zip(scatters, precisions, strict=True)):
            logs[j] = restrict(scatter, KINDS[mode.covariance], prepared.floor, precision, work)[1]
        copies = len(members.masses) if mode.tied else 1
        return cls(
            members.masses / members.masses.sum(),
            members.means + prepared.packed.offset,
            np.repeat(scatters, copies, axis=0),
            np.repeat(precisions, copies, axis=0),
            np.repeat(logs, copies),
        )

    @classmethod
    def as_before(cls, prepared: Prepared, members: Members, mode: Mode) -> Components:
        """Choose the parameters as an older service did (see `distance_kernels`)."""
        k, d, _ = members.scatters.shape
        covariances, precisions, logs = members.scatters.copy(), np.empty((k, d, d)), np.empty(k)
        old_covariances(
            KINDS[mode.covariance],
            mode.tied,
            members.masses,
            covariances,
            precisions,
            logs,
            np.empty((2, d, d)),
        )
        shares = members.masses / members.masses.sum()
        return cls(shares, members.means + prepared.packed.offset, covariances, precisions, logs)

    def log_likelihood(self, prepared: Prepared, members: Members) -> float:
        """Return the classification log-likelihood of prepared rows, from their clusters' moments alone."""
        gaps = members.means + prepared.packed.offset - self.means
        spreads = np.einsum("kij,kij->k", self.precisions, members.scatters)
        spreads += np.einsum("kij,ki,kj->k", self.precisions, gaps, gaps)
        return float(members.masses @ (self._heights() - 0.5 * spreads))

    def legacy_log_likelihood(self, prepared: Prepared, labels: Labels, members: Members) -> float:
        """Return what an older service took for it: distances are added without being squared."""
        centres = self.means - prepared.packed.offset
        distances = unsquared_distances(prepared.blocks, prepared.weights, labels, centres, self.precisions)
        return float(members.masses @ self._heights() - 0.5 * distances)

    def _heights(self) -> Doubles:
        """Return ln(weight x density) (k,) at each cluster's mean."""
        d = self.means.shape[1]
        return np.asarray(np.log(self.weights) - 0.5 * (d * LN_TWO_PI + self.log_determinants))

    def shared_log_likelihood(self, prepared: Prepared, mode: Mode) -> float:
        """Return the mixture log-likelihood of prepared rows less the entropy of the responsibilities."""
        heights = self.log_determinants - 2 * np.log(self.weights)
        centres = self.means - prepared.packed.offset
        slanted = mode.covariance == "full"
        total = shared_score(prepared.blocks, prepared.weights, slanted, heights, centres, self.precisions)
        return float(-0.5 * (total + prepared.total * prepared.columns * LN_TWO_PI))

    def squared_distances(self, X: Doubles) -> Doubles:
        """Return the squared Mahalanobis distance (n, k) of each row (n, d) to each mean."""
        squares = np.empty((len(X), len(self.means)))
        roots = [np.linalg.cholesky(precision) for precision in self.precisions]
        for part in _chunks(len(X)):
            for j, (mean, root) in enumerate(zip(self.means, roots, strict=True)):
                squares[part, j] = (((X[part] - mean) @ root) ** 2).sum(axis=1)
        return squares

    def log_joint(self, X: Doubles) -> Doubles:
        """Return ln(weight x density) (n, k) of each row (n, d) in each cluster."""
        return np.asarray(self._heights() - 0.5 * self.squared_distances(X))


def _chunks(n: int) -> Iterator[slice]:
    for first in range(0, n, CHUNK_ROWS):
        yield slice(first, first + CHUNK_ROWS)
