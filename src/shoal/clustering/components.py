"""Weights, means and covariances of clusters whose members are known, and what they say of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.density_kernels import shared_score, unsquared_distances
from shoal.clustering.gaussian_kernels import ROWS, feature_count, members_moments
from shoal.clustering.likelihood_kernels import restrict, write_score
from shoal.clustering.modes import KINDS, Mode
from shoal.clustering.packing import Doubles, aligned_empty
from shoal.clustering.prepared import Prepared
from shoal.clustering.scores import LN_TWO_PI

Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Members:
    """Hold the weight (k,), mean (k, d) and covariance (k, d, d) of each cluster's own rows, as packed."""

    masses: Doubles
    means: Doubles
    scatters: Doubles

    @classmethod
    def of(cls, prepared: Prepared, labels: Labels, k: int) -> Members:
        """Measure the clusters 0..k-1 of `labels` (n,), none of them empty."""
        d = prepared.columns
        members = cls(np.empty(k), np.empty((k, d)), np.empty((k, d, d)))
        members_moments(
            prepared.blocks,
            prepared.weights,
            labels,
            members.masses,
            members.means,
            members.scatters,
        )
        return members


@dataclass(frozen=True, eq=False)
class Components:
    """Hold each cluster's covariance S (k, d, d), its inverse and ln|S| (k,); equal ones if tied."""

    covariances: Doubles
    precisions: Doubles
    log_determinants: Doubles

    @classmethod
    def likeliest(cls, members: Members, mode: Mode, floor: Doubles) -> Components:
        """Choose the covariances of greatest likelihood that the mode and the floor (d,) allow."""
        scatters = members.scatters.copy()
        if mode.tied:
            scatters = np.average(scatters, axis=0, weights=members.masses)[None]
        precisions = np.empty_like(scatters)
        work = np.empty((3, *scatters.shape[1:]))
        kind = KINDS[mode.covariance]
        logs = np.array(
            [restrict(s, kind, floor, p, work)[1] for s, p in zip(scatters, precisions, strict=True)]
        )
        copies = len(members.masses) if mode.tied else 1
        return cls(np.repeat(scatters, copies, 0), np.repeat(precisions, copies, 0), np.repeat(logs, copies))


def log_likelihood(members: Members, parts: Components) -> float:
    """Return the classification log-likelihood, from moments alone."""
    masses, d = members.masses, members.means.shape[1]
    spreads = np.einsum("kij,kij->k", parts.precisions, members.scatters)
    each = np.log(masses / masses.sum()) - 0.5 * (d * LN_TWO_PI + parts.log_determinants + spreads)
    return float(masses @ each)


def legacy_log_likelihood(prepared: Prepared, labels: Labels, members: Members, parts: Components) -> float:
    """Return what an older service took for it: distances are added without being squared."""
    masses, d = members.masses, members.means.shape[1]
    each = np.log(masses / masses.sum()) - 0.5 * (d * LN_TWO_PI + parts.log_determinants)
    distances = unsquared_distances(
        prepared.blocks, prepared.weights, labels, members.means, parts.precisions
    )
    return float(masses @ each - 0.5 * distances)


def shared_log_likelihood(prepared: Prepared, members: Members, parts: Components, mode: Mode) -> float:
    """Return the mixture log-likelihood less the entropy of the responsibilities."""
    kind, d = KINDS[mode.covariance], prepared.columns
    slopes = np.zeros((len(members.masses), feature_count(kind, d)))
    constants = parts.log_determinants - 2 * np.log(members.masses / members.masses.sum())
    for j, (precision, mean) in enumerate(zip(parts.precisions, members.means, strict=True)):
        constants[j] += write_score(kind, precision, 1.0, mean, slopes[j])
    features = aligned_empty((1, slopes.shape[1], ROWS), np.float64)
    blocks = prepared.blocks
    total = shared_score(blocks, prepared.weights, kind, constants, slopes, features)
    return float(-0.5 * (total + prepared.total * d * LN_TWO_PI))
