"""The six covariance modes: a shape, shared by all clusters (tied) or one for each."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from shoal.clustering.limits import InvalidParameter

Shape = Literal["full", "diag", "spherical"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
# The numbers by which kernels know what features a mode has; tied modes need only the rows themselves.
TIED, SPHERICAL, DIAGONAL, FULL = range(4)
KINDS = {"spherical": SPHERICAL, "diag": DIAGONAL, "full": FULL}
_SHORT = {"full": "full", "diag": "diag", "spherical": "spher"}
_LONG: dict[str, Shape] = {"full": "full", "diag": "diag", "spher": "spherical", "spherical": "spherical"}


class Mode(NamedTuple):
    """Say which covariances a fit may have."""

    covariance: Shape
    tied: bool

    @property
    def name(self) -> str:
        """Return the mode's name in studies, such as `spher-untied`."""
        return f"{_SHORT[self.covariance]}-{'tied' if self.tied else 'untied'}"

    def free_parameters(self, clusters: int, columns: int) -> int:
        """Count weights, means and covariance entries that are free (Fraley and Raftery 2002, table 2)."""
        one = {"full": columns * (columns + 1) // 2, "diag": columns, "spherical": 1}[self.covariance]
        return clusters - 1 + clusters * columns + one * (1 if self.tied else clusters)

    def members_needed(self, columns: int) -> int:
        """Return how many rows in general position a cluster needs for its covariance to be measurable."""
        if self.tied:
            return 1
        return columns + 1 if self.covariance == "full" else 2

    def condense(self, covariances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return covariances (k, d, d) in the mode's shape, as GaussianMixture has them."""
        given = covariances[0] if self.tied else covariances
        if self.covariance == "full":
            return given
        diagonals = np.diagonal(given, axis1=-2, axis2=-1)
        return np.array(diagonals if self.covariance == "diag" else diagonals[..., 0])

    def spread(self, condensed: NDArray[np.float64], clusters: int, columns: int) -> NDArray[np.float64]:
        """Return covariances (k, d, d) from the shape of the mode."""
        given = np.asarray(condensed, dtype=np.float64)
        if self.covariance == "spherical":
            given = np.repeat(given[..., None], columns, axis=-1)
        if self.covariance != "full":
            given = given[..., None] * np.eye(columns)
        return np.array(np.broadcast_to(given, (clusters, columns, columns)))


MODES: tuple[Mode, ...] = tuple(Mode(shape, tied) for shape in SHAPES for tied in (True, False))
MODE_NAMES: tuple[str, ...] = tuple(mode.name for mode in MODES)


def mode_of(covariance: str, tied: bool) -> Mode:
    """Return the mode of a shape (`full`, `diag`, `spherical` or `spher`); raise `InvalidParameter` else."""
    if covariance not in _LONG:
        raise InvalidParameter(
            f"There is no covariance type {covariance!r}.", hint="Use full, diag or spherical."
        )
    return Mode(_LONG[covariance], tied)


def mode_named(name: str) -> Mode:
    """Return the mode that is called `name`, such as `diag-tied`, else raise `InvalidParameter`."""
    shape, _, rest = name.partition("-")
    if shape not in _LONG or rest not in ("tied", "untied"):
        raise InvalidParameter(f"There is no covariance mode {name!r}.", hint=f"Use {', '.join(MODE_NAMES)}.")
    return Mode(_LONG[shape], rest == "tied")
