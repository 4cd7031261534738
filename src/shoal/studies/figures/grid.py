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


def grid(
    panels: Sequence[tuple[str, Any]], *, shared: Sequence[str], columns: int | None = None
) -> dict[str, Any]:
    """Return titled panels in rows, by default of three; `shared` channels have one scale in all.

    Each is described by itself: Altair would copy all of them again and again to put them together.
    """
    across = columns or (len(panels) if len(panels) < 3 else 2 if len(panels) in (2, 4) else 3)
    described = [_panel(title, chart) for title, chart in panels]
    scales = {channel: "shared" for channel in shared}
    return {
        "$schema": alt.SCHEMA_URL,
        "concat": described,
        "columns": across,
        "spacing": 24,
        "resolve": {"scale": scales},
    }


def _panel(title: str, chart: Any) -> dict[str, Any]:
    found: dict[str, Any] = chart.to_dict(validate=False)
    named = {"title": title} if title else {}
    return named | {name: value for name, value in found.items() if name not in ("$schema", "config")}
