"""Rows in the plane of two columns, coloured by cluster: a panel for each shape, or one large picture."""

from __future__ import annotations

from typing import Any

import altair as alt

from shoal.studies.figures.catalogue import Name
from shoal.studies.figures.encoding import (
    axis,
    calculated,
    cluster_marks,
    described,
    empty_panel,
    numbers_at_centres,
    panel_title,
    row_tooltip,
    shown_clusters,
)
from shoal.studies.figures.figure import Figure, Table
from shoal.studies.figures.grid import grid, panel_modes
from shoal.studies.figures.material import Material
from shoal.studies.figures.request import FigureRequest
from shoal.studies.figures.sampling import PANEL, rows_note
from shoal.studies.planning.columns import PLACES
from shoal.studies.summary import Best
from shoal.studies.telling.colours import SLOTS
from shoal.studies.wording import mode

PANEL_SIZE = (290, 230)
LARGE = (640, 480)
ZOOM = alt.Scale(zero=False, nice=False, padding=10)
# Marks are smaller where there are many.
MARK, SMALL_MARK, MANY = 25, 9, 2000
SPREAD_OUT = "(spread out by chance)"


def default_axes(material: Material, wish: FigureRequest) -> tuple[str, str]:
    """Return the columns at x and y: those asked for, else the first two clustered by that are no place.

    The second is empty when there is a single column.
    """
    used = list(material.plan.columns or ())
    plain = [name for name in used if name.strip().lower() not in PLACES]
    order = [*(plain if len(plain) > 1 else used), *used, *material.columns]
    free = list(dict.fromkeys(name for name in order if name not in (wish.x, wish.y)))
    x = wish.x or (free.pop(0) if free else wish.y)
    return x, wish.y or (free[0] if free else "")


def clusters(material: Material, wish: FigureRequest) -> Figure:
    """Describe the grid: every shape's recommended fit on the same axes."""
    axes = default_axes(material, wish)
    panels = []
    slots = max((highest(material, f"m{place}") for place in range(len(material.modes))), default=0)
    for name in panel_modes(material):
        place = list(material.modes).index(name) if name in material.modes else None
        if place is None:
            title, panel = mode(name).capitalize().replace(" ", ", "), _none(material, name)
        else:
            fit = material.modes[name]
            title = _title(material, fit)
            panel = scatter(material, f"m{place}", axes, PANEL_SIZE, PANEL, wish.ticks, slots)
        panels.append((title, panel))
    chart = grid(panels, shared=["x", "y", "color"])
    shown = min(PANEL, len(material.order))
    return Figure(
        "clusters",
        described(chart, hides=True),
        ("rows", "centres"),
        _modes_table(material),
        _with_repeats(material, _each_panel(shown, material.total)),
        axes=_fields(material, axes),
    )


def cluster(material: Material, wish: FigureRequest) -> Figure:
    """Describe the large picture of one shape's fit."""
    names = list(material.modes)
    wanted = wish.covariance or (material.best["covariance"] if material.best else "")
    if wanted not in names:
        return _nothing(material, "cluster", wanted)
    axes = default_axes(material, wish)
    chart = scatter(material, f"m{names.index(wanted)}", axes, LARGE, None, wish.ticks)
    slots = material.slots[wanted].tolist()
    return Figure(
        "cluster",
        described(chart, hides=True),
        ("rows", "centres"),
        sizes_table(material.modes[wanted], slots),
        drawn_note(material),
        sentence=f"{_title(material, material.modes[wanted])}.",
        axes=_fields(material, axes),
    )


def fit(material: Material, wish: FigureRequest) -> Figure:
    """Describe a fit that somebody asked for by its id."""
    if material.single is None:
        return _nothing(material, "fit", "")
    from shoal.studies.figures.slots import matched

    found, labels = material.single
    axes = default_axes(material, wish)
    chart = scatter(material, "s", axes, LARGE, None, wish.ticks)
    return Figure(
        "fit",
        described(chart, hides=True),
        ("rows", "centres"),
        sizes_table(found, matched(labels, material.lead).tolist()),
        drawn_note(material),
        heading=f"Fit {found['fit']}",
        sentence=f"{_title(material, found)}.",
        axes=_fields(material, axes),
    )


def scatter(
    material: Material,
    field: str,
    axes: tuple[str, str],
    size: tuple[int, int],
    most: int | None,
    ticks: bool,
    slots: int = 0,
) -> Any:
    """Return rows as marks with their clusters' numbers; `most` draws the first rows only.

    `slots` is the largest cluster of all panels that stand together, so that they have the same marks.
    """
    source = {"x": _field(material, axes[0]), "y": _field(material, axes[1])}
    base = alt.Chart(alt.NamedData("rows"), width=size[0], height=size[1])
    if most is not None and most < len(material.order):
        base = base.transform_window(n="row_number()").transform_filter(f"datum.n <= {most}")
    base = calculated(base.transform_filter(shown_clusters(field)), source)
    shown = min(most or len(material.order), len(material.order))
    most_slots = slots or highest(material, field)
    mark, channels = cluster_marks(field, most_slots, SMALL_MARK if shown > MANY else MARK)
    points = base.mark_point(**mark).encode(
        x=alt.X("x", type="quantitative").scale(ZOOM).axis(axis(axes[0], ticks=ticks)),
        y=alt.Y("y", type="quantitative").scale(ZOOM).axis(_second(axes[1], ticks)),
        tooltip=row_tooltip(material, field, ["certainty"] if _is_best(material, field) else []),
        **channels,
    )
    return alt.layer(points, *numbers_at_centres(field, "x", "y", source))


def highest(material: Material, field: str) -> int:
    """Return the largest slot of a mode's fit, or of the single fit."""
    if field == "s" and material.single is not None:
        return max(len(material.single[0]["sizes"]), int(material.lead.max(initial=0)) + 1)
    return int(list(material.slots.values())[int(field[1:])].max())


def drawn_note(material: Material) -> str:
    """Return how many rows are drawn, if not all, and that colours repeat, if they do."""
    return _with_repeats(material, rows_note(len(material.order), material.total))


def sizes_table(found: Best, slots: list[int]) -> Table:
    """Return a fit's clusters as a table: their number in figures, their own in the labels, their size."""
    total = sum(found["sizes"])
    rows = [
        [slot, own, size, size / total]
        for own, (slot, size) in enumerate(zip(slots, found["sizes"], strict=True), 1)
    ]
    return Table(["cluster", "label", "rows", "share"], sorted(rows))


def _modes_table(material: Material) -> Table:
    rows = []
    for name, found in material.modes.items():
        slots = material.slots[name].tolist()
        for own, size in enumerate(found["sizes"], 1):
            rows.append([name, found["k"], found["bic"], slots[own - 1], own, size])
    return Table(["shape", "k", "bic", "cluster", "label", "rows"], rows)


def _each_panel(shown: int, total: int) -> str:
    return rows_note(shown, total).replace(" drawn.", " drawn in each panel.")


def _with_repeats(material: Material, note: str) -> str:
    fits = [*material.modes.values(), *([material.single[0]] if material.single else [])]
    if max((fit["k"] for fit in fits), default=0) <= len(SLOTS):
        return note
    return f"{note} More than {len(SLOTS)} clusters: numbers tell them apart.".strip()


def _title(material: Material, found: Best) -> str:
    best = material.best is not None and material.best["fit"] == found["fit"]
    return panel_title(found["covariance"], found["k"], found["bic"], best=best)


def _is_best(material: Material, field: str) -> bool:
    names = list(material.modes)
    return material.best is not None and field == f"m{names.index(material.best['covariance'])}"


def _none(material: Material, name: str) -> Any:
    words = f"Clusters under {material.summary['min_members']:,} rows."
    if not material.summary["scores"].get(name):
        words = "No fit of this shape worked."
    return empty_panel(words, *PANEL_SIZE)


def _nothing(material: Material, name: Name, wanted: str) -> Figure:
    words = f"Nothing is recommended for {mode(wanted)}." if wanted else "No fit is recommended."
    return Figure(name, described(empty_panel(words, *LARGE)), (), Table(["cluster", "label", "rows"], []))


def _field(material: Material, column: str) -> str:
    return material.field(column) if column else "j"


def _fields(material: Material, axes: tuple[str, str]) -> dict[str, str]:
    return {"x": _field(material, axes[0]), "y": _field(material, axes[1])}


def _second(column: str, ticks: bool) -> Any:
    return axis(column, ticks=ticks) if column else axis(SPREAD_OUT, ticks=False)
