"""From a name to its figure and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shoal.base.errors import NotFound
from shoal.studies.figures import clusters, components, correlation, places, profiles, scores, trust, wins
from shoal.studies.figures.catalogue import Name
from shoal.studies.figures.data import centres_data, rows_data
from shoal.studies.figures.figure import Data, Figure
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest

Describe = Callable[[Material, FigureRequest], Figure | None]
DESCRIBED: dict[Name, Describe] = {
    "scores": scores.scores,
    "wins": wins.wins,
    "counts": wins.counts,
    "clusters": clusters.clusters,
    "cluster": clusters.cluster,
    "components": components.components,
    "places": places.places,
    "profiles": profiles.profiles,
    "distributions": profiles.distributions,
    "correlation": correlation.correlation,
    "certainty": trust.certainty,
    "stability": trust.stability,
    "fit": clusters.fit,
}
_MADE: dict[str, Callable[[Material], Data]] = {
    "scores": scores.scores_data,
    "wins": wins.wins_data,
    "counts": wins.counts_data,
    "arrows": components.arrows_data,
    "profiles": profiles.profiles_data,
    "distributions": profiles.distributions_data,
    "correlation": correlation.correlation_data,
    "certainty": trust.certainty_data,
    "stability": trust.stability_data,
}


def describe(material: Material, wish: FigureRequest) -> Figure:
    """Return a figure.

    Raises:
        NotFound: the study has nothing for it.
    """
    found = DESCRIBED[wish.name](material, wish)  # type: ignore[index]
    if found is None:
        raise NotFound(f"This study has nothing for the figure {wish.name}.", hint=_why(material, wish.name))
    return found


def data_of(material: Material, names: set[str]) -> dict[str, Data]:
    """Return the data with these names."""
    found: dict[str, Any] = {}
    if names & {"rows", "centres"}:
        rows = rows_data(material)
        found = {"rows": rows, "centres": centres_data(rows, material)}
    return found | {name: make(material) for name, make in _MADE.items() if name in names}


def _why(material: Material, name: str) -> str:
    if name == "places":
        return "It needs columns named longitude and latitude."
    if name in ("correlation", "components") and len(material.numbers) < 2:
        return "It needs two number columns."
    if material.best is None:
        return "No fit is recommended."
    if "components" not in material.summary:
        return "The study was made by an earlier version: run it again."
    return "It needs at least two clusters or columns."
