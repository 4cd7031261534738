"""The six covariance modes: a shape, shared by all clusters (tied) or one for each."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from shoal.base.errors import InvalidSetting

Shape = Literal["full", "diag", "spherical"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
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


MODES: tuple[Mode, ...] = tuple(Mode(shape, tied) for shape in SHAPES for tied in (True, False))
MODE_NAMES: tuple[str, ...] = tuple(mode.name for mode in MODES)


def mode_of(covariance: str, tied: bool) -> Mode:
    """Return the mode of a shape (`full`, `diag`, `spherical` or `spher`); raise `InvalidSetting` else."""
    if covariance not in _LONG:
        raise InvalidSetting(f"There is no covariance type {covariance!r}.", hint="Use full, diag or spherical.")
    return Mode(_LONG[covariance], tied)


def mode_named(name: str) -> Mode:
    """Return the mode that is called `name`, such as `diag-tied`; raise `InvalidSetting` for another word."""
    shape, _, rest = name.partition("-")
    if shape not in _LONG or rest not in ("tied", "untied"):
        raise InvalidSetting(f"There is no covariance mode {name!r}.", hint=f"Use {', '.join(MODE_NAMES)}.")
    return Mode(_LONG[shape], rest == "tied")
