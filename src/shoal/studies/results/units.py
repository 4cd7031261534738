"""A fit's clusters in the units of the file, as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shoal.studies.results.parameters import Doubles, Parameters


@dataclass(frozen=True, eq=False)
class Clusters:
    """Hold clusters in the file's units: `weights` (k,), `centers` (k, d), `covariances`.

    Of the form `full` a covariance is a matrix (d, d), of `diag` its diagonal (d,); `tied` clusters share
    one, others have one each along the first axis.
    """

    weights: Doubles
    centers: Doubles
    covariances: Doubles
    form: Literal["full", "diag"]
    tied: bool


def in_file_units(parameters: Parameters) -> Clusters:
    """Return a fit's clusters in the file's units; a sphere of scaled columns becomes an ellipsoid."""
    scale, covariances = parameters.scale, parameters.covariances
    full = parameters.mode.covariance == "full"
    if parameters.mode.covariance == "spherical":
        covariances = np.repeat(np.asarray(covariances)[..., None], len(scale), axis=-1)
    factors = np.outer(scale, scale) if full else scale**2
    return Clusters(
        parameters.weights,
        parameters.means * scale + parameters.center,
        covariances * factors,
        "full" if full else "diag",
        parameters.mode.tied,
    )
