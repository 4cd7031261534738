"""The report's tables as data to take along, and everything that a file carries in itself."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from shoal.studies.bundle import vega_bundle
from shoal.studies.summary import Summary

LOOK = Path(__file__).parent / "look"
STYLES = ("tokens.css", "parts.css", "report.css")
SCRIPTS = ("theme.js", "report.js", "figures.js")


def parts_of(summary: Summary) -> dict[str, dict[str, Any]]:
    """Return the tables that are no figure's, with exact numbers, by name: columns and rows."""
    kept = ("k", "bic", "aic", "icl", "log_likelihood")
    shapes = [
        [mode, *(fit[name] for name in kept)]  # type: ignore[literal-required]
        for mode, fit in summary["recommended"].items()
    ]
    cells = ("k", "bic", "bic_low", "bic_high", "aic", "aic_low", "aic_high", "icl", "passing", "fits")
    scores = [
        [mode, *(cell[name] for name in cells)]  # type: ignore[literal-required]
        for mode, found in summary["scores"].items()
        for cell in found
    ]
    wins = [[k, summary["wins"].get(str(k), 0), value] for k, value in enumerate(summary["curve"], 1)]
    clusters = [
        [
            profile["cluster"],
            profile["size"],
            profile["share"],
            name,
            spread["mean"],
            spread["sd"],
            spread["gap"],
        ]
        for profile in summary["profiles"]
        for name, spread in profile["columns"].items()
    ]
    return {
        "shapes": {"columns": ["shape", *kept], "rows": shapes},
        "wins": {"columns": ["k", "repeats", "best_bic"], "rows": wins},
        "scores": {"columns": ["shape", *cells], "rows": scores},
        "clusters": {
            "columns": ["cluster", "rows", "share", "column", "mean", "sd", "gap"],
            "rows": clusters,
        },
        "quality": _quality(summary),
    }


def _quality(summary: Summary) -> dict[str, Any]:
    found = summary.get("quality")
    rows: list[list[Any]] = []
    if found:
        rows = [
            ["silhouette", None, found["silhouette"]["mean"]],
            *(["silhouette", at, value] for at, value in enumerate(found["silhouette"]["clusters"], 1)),
            ["calinski_harabasz", None, found["calinski_harabasz"]],
            ["davies_bouldin", None, found["davies_bouldin"]],
        ]
    return {"columns": ["measure", "cluster", "value"], "rows": rows}


def embedded(content: Any) -> Markup:
    """Return JSON that is safe inside a script element: `<` can not end it."""
    return Markup(orjson.dumps(content).decode().replace("<", "\\u003c"))


def album_to_embed(album: Mapping[str, Any]) -> dict[str, Any]:
    """Return an album as scripts need it: without the still pictures."""
    figures = [
        {name: value for name, value in entry.items() if not name.startswith("svg")}
        for entry in album["figures"]
    ]
    return {**album, "figures": figures}


@cache
def style() -> Markup:
    """Return the style sheets of a file."""
    return Markup("".join((LOOK / name).read_text(encoding="utf-8") for name in STYLES))


@cache
def scripts() -> tuple[Markup, ...]:
    """Return the scripts of a file, in their order; raises Unavailable when they cannot be made."""
    sources = [vega_bundle(), *(LOOK / name for name in SCRIPTS)]
    return tuple(Markup(_inlined(path.read_text(encoding="utf-8"))) for path in sources)


def _inlined(source: str) -> str:
    """Return a script that no word inside it ends."""
    return source.replace("\r\n", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


@cache
def policy() -> str:
    """Return the Content-Security-Policy of a file: its own scripts, by their hashes, and nothing else."""
    hashes = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts()
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
