"""The parameters of fits: kept for every fit, many to a file, and what they say of rows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.base.errors import NotFound
from shoal.clustering.modes import Mode, mode_named

Doubles = NDArray[np.float64]
# Rows scored at once: small enough that a million rows need no memory to speak of.
CHUNK = 65_536


@dataclass(frozen=True, eq=False)
class Parameters:
    """Hold one fit's clusters: `weights` (k,), `means` (k, d), `covariances` as scikit-learn shapes them.

    They are in the space of rows less `center` (d,), divided by `scale` (d,). `by_likelihood` false means
    that rows go to the nearest cluster by Mahalanobis distance alone.
    """

    mode: Mode
    weights: Doubles
    means: Doubles
    covariances: Doubles
    center: Doubles
    scale: Doubles
    by_likelihood: bool = True

    def assign(self, rows: Doubles) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the cluster of each row (n, d) in the file's units, from 0, and its responsibility."""
        labels, certainty = np.empty(len(rows), np.int32), np.empty(len(rows), np.float32)
        whiten, constants = self._whitening()
        for first in range(0, len(rows), CHUNK):
            part = slice(first, first + CHUNK)
            labels[part], certainty[part] = self._assign(
                (rows[part] - self.center) / self.scale, whiten, constants
            )
        return labels, certainty

    def _whitening(self) -> tuple[Doubles, Doubles]:
        """Return W with W S W' = 1, a matrix or its diagonal, and ln weight - ln|S|/2 for each cluster."""
        covariances = self._of_each()
        if self.mode.covariance == "full":
            factors = np.linalg.cholesky(covariances)
            roots, whiten = np.diagonal(factors, axis1=1, axis2=2), np.linalg.inv(factors)
        else:
            roots = np.sqrt(covariances)
            whiten = 1 / roots
        return whiten, np.log(self.weights) - np.log(roots).sum(axis=1)

    def _of_each(self) -> Doubles:
        """Return each cluster's covariance (k, d, d), or its diagonal (k, d)."""
        clusters, d = self.means.shape
        one = self.covariances if not self.mode.tied else self.covariances[None]
        if self.mode.covariance == "full":
            return np.broadcast_to(one, (clusters, d, d))
        return np.broadcast_to(one if self.mode.covariance == "diag" else one[:, None], (clusters, d))

    def _assign(
        self, rows: Doubles, whiten: Doubles, constants: Doubles
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        squares = np.empty((len(rows), len(self.weights)))
        for cluster, mean in enumerate(self.means):
            away, white = rows - mean, whiten[cluster]
            squares[:, cluster] = ((away @ white.T if white.ndim == 2 else away * white) ** 2).sum(axis=1)
        densities = constants - 0.5 * squares
        chosen = densities.argmax(axis=1) if self.by_likelihood else squares.argmin(axis=1)
        densities -= densities.max(axis=1, keepdims=True)
        shares = np.exp(densities, out=densities)
        return chosen, shares[np.arange(len(rows)), chosen] / shares.sum(axis=1)


def packed(fits: Mapping[int, Parameters]) -> bytes:
    """Return the parameters of fits over the same rows as one file (NumPy's npz, no pickles)."""
    file = io.BytesIO()
    first = next(iter(fits.values()), None)
    arrays: dict[str, Any] = {
        "fits": np.array(list(fits), np.int64),
        "modes": np.array([one.mode.name for one in fits.values()], "U16"),
        "clusters": np.array([len(one.weights) for one in fits.values()], np.int64),
        "values": np.concatenate([np.zeros(0), *(_flat(one) for one in fits.values())]),
        "center": first.center if first else np.zeros(0),
        "scale": first.scale if first else np.zeros(0),
        "by_likelihood": np.array(first is None or first.by_likelihood),
    }
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(content: bytes) -> dict[int, Parameters]:
    """Return the parameters in a file that `packed` made, by fit."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(_each({name: arrays[name] for name in arrays.files}))


def find(content: bytes, fit: int) -> Parameters:
    """Return the parameters of one fit in a file; raises NotFound."""
    try:
        return unpacked(content)[fit]
    except KeyError:
        raise NotFound(f"The parameters of fit {fit} are not kept.") from None


def _flat(one: Parameters) -> Doubles:
    return np.concatenate([one.weights, one.means.ravel(), np.ravel(one.covariances)])


def _each(arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[int, Parameters]]:
    place, d = 0, len(arrays["center"])
    for fit, name, clusters in zip(arrays["fits"], arrays["modes"], arrays["clusters"], strict=True):
        mode, k = mode_named(str(name)), int(clusters)
        shape = _shape(mode, k, d)
        sizes = (k, k * d, int(np.prod(shape, dtype=np.int64)))
        weights, means, covariances = np.split(
            arrays["values"][place : place + sum(sizes)], np.cumsum(sizes)[:2]
        )
        place += sum(sizes)
        yield (
            int(fit),
            Parameters(
                mode,
                weights,
                means.reshape(k, d),
                covariances.reshape(shape),
                arrays["center"],
                arrays["scale"],
                bool(arrays["by_likelihood"]),
            ),
        )


def _shape(mode: Mode, k: int, d: int) -> tuple[int, ...]:
    one = {"full": (d, d), "diag": (d,), "spherical": ()}[mode.covariance]
    return one if mode.tied else (k, *one)
