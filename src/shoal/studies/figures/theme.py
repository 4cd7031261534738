"""How figures look in light and in dark surroundings; a description of a figure names no colour itself."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from shoal.studies.telling.colours import SLOTS

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'


class Tokens(NamedTuple):
    """The colours of the surroundings; `low` and `high` are the ends of a diverging scale."""

    surface: str
    border: str
    line: str
    text: str
    muted: str
    accent: str
    low: str
    high: str


TOKENS: dict[Theme, Tokens] = {
    "light": Tokens("#FFFFFF", "#D5DCE3", "#77838F", "#16202A", "#566270", "#0B6275", "#B8480F", "#0B6275"),
    "dark": Tokens("#171D24", "#2B3541", "#6F7D8C", "#E5EAF0", "#A2AEBB", "#63C3D8", "#E8894F", "#63C3D8"),
}


def config(theme: Theme) -> dict[str, Any]:
    """Return Vega-Lite's `config` of a theme: putting another in its place switches the theme."""
    t = TOKENS[theme]
    return {
        "background": t.surface,
        "font": FONT,
        "view": {"stroke": t.border},
        "axis": _axis(t),
        "axisQuantitative": {"tickCount": 6},
        "title": {
            "anchor": "start",
            "color": t.text,
            "fontSize": 13,
            "fontWeight": 600,
            "subtitleColor": t.muted,
            "subtitleFontSize": 13,
            "offset": 8,
        },
        "legend": {"labelColor": t.text, "titleColor": t.muted, "labelFontSize": 12, "titleFontSize": 12},
        "range": {
            "category": [getattr(slot, theme) for slot in SLOTS],
            "diverging": [t.low, t.surface, t.high],
        },
        "mark": {"color": t.accent},
        "text": {"color": t.text, "fontSize": 12},
        "style": _styles(t),
    }


def _axis(t: Tokens) -> dict[str, Any]:
    return {
        "domainColor": t.line,
        "gridColor": t.border,
        "labelColor": t.muted,
        "labelFontSize": 12,
        "labelLimit": 180,
        "tickColor": t.line,
        "titleColor": t.text,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titleLimit": 400,
    }


def _styles(t: Tokens) -> dict[str, Any]:
    """Return the looks that marks ask for by name."""
    return {
        "band": {"color": t.accent, "opacity": 0.18},
        "mean": {"color": t.accent, "strokeWidth": 2},
        "dot": {"color": t.accent, "opacity": 1},
        "ring": {"fill": t.surface, "color": t.accent, "opacity": 1, "strokeWidth": 1.5},
        "band2": {"color": t.muted, "opacity": 0.18},
        "mean2": {"color": t.muted, "strokeWidth": 2, "strokeDash": [6, 3]},
        "dot2": {"color": t.muted, "opacity": 1},
        "ring2": {"fill": t.surface, "color": t.muted, "opacity": 1, "strokeWidth": 1.5},
        "bar": {"color": t.accent},
        "marker": {"color": t.muted, "strokeDash": [2, 3], "strokeWidth": 1.5},
        "zero": {"color": t.muted, "strokeWidth": 1},
        "number": {"fill": t.text, "fontSize": 14, "fontWeight": 700},
        "halo": {"stroke": t.surface, "fill": t.surface, "strokeWidth": 4, "fontSize": 14, "fontWeight": 700},
        "word": {"fill": t.text, "fontSize": 12},
        "note": {"fill": t.muted, "fontSize": 13},
        "arrow": {"color": t.text, "strokeWidth": 1.5},
        "on-strong": {"color": t.surface, "fontSize": 12},
    }
