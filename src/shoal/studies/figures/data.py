"""The data of figures, column by column; fields have safe names, and what people named is only a value."""

from __future__ import annotations

from math import floor, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.studies.figures.figure import Data, columnar
from shoal.studies.figures.material import Doubles, Material
from shoal.studies.summary import Best

FINE = 4  # digits of a column's span that are kept: a hundredth of a pixel
JITTER = 9  # a stream of the study's seed


def rows_data(material: Material) -> Data:
    """Return the drawn rows: `row`, `c0` ..., `m0` ... (cluster by mode), `certainty`, `p1`, `p2`, `j`.

    `j` is chance, to spread rows of a single column; `s` is the cluster of the single fit.
    """
    order = material.order
    data: dict[str, Any] = {"row": (material.rows[order] + 1).tolist()}
    for column in material.columns:
        data[material.field(column)] = tidy(material.values(column))
    for place, mode in enumerate(material.modes):
        data[f"m{place}"] = material.slots[mode][material.labels[mode][order]].tolist()
    if material.single is not None:
        from shoal.studies.figures.slots import matched

        labels = material.single[1]
        data["s"] = matched(labels, material.lead)[labels[order]].tolist()
    if len(material.certainty):
        data["certainty"] = np.round(material.certainty[order].astype(np.float64), 4).tolist()
    for axis, scores in enumerate(component_scores(material), 1):
        data[f"p{axis}"] = tidy(scores)
    if len(material.columns) == 1:
        data["j"] = np.random.default_rng([material.plan.seed, JITTER]).random(len(order)).round(3).tolist()
    return data


def centres_data(rows: Data, material: Material) -> Data:
    """Return for each cluster of each mode the mean of its drawn rows: `mode`, `cluster`, `c0` ..."""
    axes = [name for name in rows if name[0] in "cpj" and name != "certainty"]
    fields = [name for name in rows if name[0] == "m" or name == "s"]
    values = {name: np.array(rows[name], np.float64) for name in axes}
    found = []
    for name in fields:
        labels = np.array(rows[name])
        for cluster in np.unique(labels).tolist():
            inside = labels == cluster
            found.append([name, cluster, *(_mean(values[axis][inside]) for axis in axes)])
    return columnar(["mode", "cluster", *axes], found)


def component_scores(material: Material) -> list[Doubles]:
    """Return the two principal components of the drawn rows, or nothing where they are not known."""
    found = material.summary.get("components")
    if not found or len(found["loadings"]) < 2 or any(n not in material.numbers for n in found["columns"]):
        return []
    scores = np.zeros((len(material.order), 2))
    for place, column in enumerate(found["columns"]):
        scaled = (material.values(column) - found["center"][place]) / found["scale"][place]
        scores += scaled[:, None] * np.array([axis[place] for axis in found["loadings"][:2]])
    return [scores[:, 0], scores[:, 1]]


def tidy(values: NDArray[np.float64]) -> list[float | None]:
    """Return values without digits that no eye can see; a gap is None."""
    known = values[np.isfinite(values)]
    span = float(known.max() - known.min()) if len(known) else 0.0
    places = FINE - floor(log10(span)) if span > 0 else 15
    rounded = np.round(values, min(places, 300)) if places < 300 else values
    return [None if value != value else value for value in rounded.tolist()]


def shown_fit(material: Material, covariance: str = "") -> tuple[str, Best] | None:
    """Return the field and the fit of a mode, by default of the best."""
    wanted = covariance or (material.best["covariance"] if material.best else "")
    for place, (mode, fit) in enumerate(material.modes.items()):
        if mode == wanted:
            return f"m{place}", fit
    return None


def _mean(values: Doubles) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
