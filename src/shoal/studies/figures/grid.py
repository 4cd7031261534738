"""Six panels in two rows: Tied above Untied, and Full, Diagonal, Spherical from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from shoal.clustering.modes import MODE_NAMES
from shoal.studies.figures.material import Material


def panel_modes(material: Material) -> list[str]:
    """Return the shapes of a study in the order of the panels."""
    tried = [mode for mode in MODE_NAMES if mode in material.plan.covariances]
    return [mode for tie in ("tied", "untied") for mode in tried if mode.partition("-")[2] == tie]


def grid(panels: Sequence[Any]) -> Any:
    """Return panels in rows of three."""
    columns = len(panels) if len(panels) < 3 else 2 if len(panels) in (2, 4) else 3
    return alt.concat(*panels, columns=columns, spacing=24)
