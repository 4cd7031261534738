"""Ways to find clusters and their number, ours and others', as functions from rows to labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]
Contender = Callable[[NDArray[np.float64]], Labels]
MOST, PATIENCE, SILHOUETTE_ROWS = 40, 5, 1000


def ours(**settings: Any) -> Contender:
    """Return our search with some settings."""
    from shoal.clustering import MCMCClusterer

    return lambda rows: MCMCClusterer(random_state=0, **settings).fit(rows).labels_


def original(amp: float) -> Contender:
    """Return distclus' rule as we wrote it down, with its own defaults and an `amp`."""
    return ours(method="original", amp=amp, max_k=64, prob_k=(1, 8, 1))


def gaussian_mixture(covariance: str) -> Contender:
    """Return scikit-learn's GaussianMixture at the least BIC, from one cluster up until it grows 5 times."""
    from sklearn.mixture import GaussianMixture

    def labels(rows: NDArray[np.float64]) -> Labels:
        best, found, worse = np.inf, np.zeros(len(rows), int), 0
        for k in range(1, min(MOST, len(rows) // 2) + 1):
            model = GaussianMixture(k, covariance_type=covariance, random_state=0).fit(rows)
            bic = model.bic(rows)
            worse = 0 if bic < best else worse + 1
            if bic < best:
                best, found = bic, model.predict(rows)
            if worse == PATIENCE:
                break
        return found

    return labels


def kmeans_silhouette(rows: NDArray[np.float64]) -> Labels:
    """Label by scikit-learn's KMeans at the greatest silhouette, from two clusters up."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best, found = -np.inf, np.zeros(len(rows), int)
    for k in range(2, MOST + 1):
        model = KMeans(k, n_init=1, random_state=0).fit(rows)
        score = silhouette_score(rows, model.labels_, sample_size=SILHOUETTE_ROWS, random_state=0)
        if score > best:
            best, found = score, model.labels_
    return found


def hdbscan(rows: NDArray[np.float64]) -> Labels:
    """Label by scikit-learn's HDBSCAN, clusters of a hundredth of the rows and more."""
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(min_cluster_size=max(5, len(rows) // 100), copy=True)
    return np.asarray(model.fit(rows).labels_)


def contenders(hard: bool) -> dict[str, Contender]:
    """Return who takes part: on hard sets those that know stretched clusters too."""
    others: dict[str, Contender] = {
        "GMM spherical, BIC": gaussian_mixture("spherical"),
        "KMeans, silhouette": kmeans_silhouette,
        "HDBSCAN": hdbscan,
    }
    if hard:
        full = {"GMM full, BIC": gaussian_mixture("full")}
        return {"ours": ours(), "ours, elongated": ours(shape="elongated"), **full, **others}
    starts: dict[str, Contender] = {f"ours, init_k {k}": ours(init_k=k) for k in (1, 8, 16)}
    olds = {f"original, amp {amp:g}": original(amp) for amp in (1, 0.05)}
    return {**starts, "ours, elongated": ours(shape="elongated"), **olds, **others}
