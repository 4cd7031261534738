"""Draw multivariate Student noise about centres, and weigh it: by logarithms of the gamma function.

The gamma function itself overflows from about 340 columns on.
"""

from __future__ import annotations

from math import lgamma, log, pi, sqrt

import numpy as np
from numpy.random import RandomState

from shoal.clustering.kernels.packing import Doubles


def student_log_density(squares: Doubles, columns: int, nu: float, width: float) -> Doubles:
    """Return the log-density at squared distances from the middle.

    `width` is nu tau^2 for noise z tau sqrt(nu / chi2), with z standard normal in `columns` dimensions.
    """
    constant = lgamma((columns + nu) / 2) - lgamma(nu / 2) - columns / 2 * log(pi * width)
    return np.asarray(constant - (columns + nu) / 2 * np.log1p(squares / width))


def original_log_density(squares: Doubles, columns: int, nu: float, rows: float) -> Doubles:
    """Return the log-density as distclus has it: of width nu / sqrt(20 t), though it draws at 1 / (20 t)."""
    return student_log_density(squares, columns, nu, nu / sqrt(20 * rows))


def student_noise(random: RandomState, shape: tuple[int, int], nu: float, tau: float) -> Doubles:
    """Return noise (k, d): each row normal, all of it divided by one chi with nu degrees of freedom."""
    normal = random.standard_normal(shape)
    return np.asarray(normal * (tau * np.sqrt(nu / random.chisquare(nu, shape[0])))[:, None])
