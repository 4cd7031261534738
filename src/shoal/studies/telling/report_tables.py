"""The rows of the report's tables: numbers already as text, exact values beside them."""

from __future__ import annotations

from typing import Any

from shoal.studies.summary import Best, Cell, Summary
from shoal.studies.telling.colours import SLOTS, slot
from shoal.studies.wording import MINUS, counted, measured, mode, percent, scored, shape, signed


def shape_rows(summary: Summary) -> tuple[list[str], list[tuple[str, list[dict[str, Any]]]]]:
    """Return the heads and rows (tied, untied) of the table of recommended fits."""
    tried = [*summary["recommended"], *summary["unavailable"]]
    shapes = [
        name for name in ("full", "diag", "spher") if any(mode.startswith(f"{name}-") for mode in tried)
    ]
    ties = [tie for tie in ("tied", "untied") if any(mode.endswith(f"-{tie}") for mode in tried)]
    rows = [(tie.capitalize(), [_cell(summary, f"{name}-{tie}") for name in shapes]) for tie in ties]
    return [shape(f"{name}-") for name in shapes], rows


def _cell(summary: Summary, covariance: str) -> dict[str, Any]:
    fit = summary["recommended"].get(covariance)
    if fit is None:
        found = summary["unavailable"].get(covariance)
        why = (
            "not tried"
            if found is None
            else f"not available: {found} of {counted(summary['min_members'], 'row')}"
        )
        return {"k": 0, "best": False, "why": why}
    return {
        "k": fit["k"],
        "best": _is_best(fit, summary),
        "bic": _score(fit["bic"]),
        "exact": repr(fit["bic"]),
    }


def _is_best(fit: Best, summary: Summary) -> bool:
    return summary["best"] is not None and summary["best"]["covariance"] == fit["covariance"]


def _score(value: float) -> str:
    return scored(value, MINUS, ",")


def win_rows(summary: Summary) -> list[dict[str, Any]]:
    """Return for each k how many repeats chose it, and the best score found there."""
    return [
        {
            "k": k,
            "times": summary["wins"].get(str(k), 0),
            "bic": "none counted" if value is None else _score(value),
            "exact": "" if value is None else repr(value),
        }
        for k, value in enumerate(summary["curve"], 1)
    ]


def score_tables(summary: Summary) -> list[dict[str, Any]]:
    """Return one table for each shape: the mean scores with their intervals."""
    best = summary["best"]["covariance"] if summary["best"] else ""
    return [
        {
            "name": mode(covariance).capitalize(),
            "best": covariance == best,
            "cells": [_means(cell) for cell in cells],
        }
        for covariance, cells in summary["scores"].items()
    ]


def _means(cell: Cell) -> dict[str, Any]:
    counts = ("k", "fits", "passing", "best_bic")
    values: dict[str, Any] = dict(cell)
    return {name: value if name in counts else _score(value) for name, value in values.items()}


def cluster_rows(summary: Summary) -> list[dict[str, Any]]:
    """Return one row for each cluster: its size, colour, and its columns."""
    return [
        {
            "cluster": profile["cluster"],
            "colour": slot(profile["cluster"]).name,
            "slot": (profile["cluster"] - 1) % len(SLOTS) + 1,
            "size": f"{profile['size']:,}",
            "share": percent(profile["share"]),
            "cells": [
                {
                    "mean": measured(spread["mean"]),
                    "sd": measured(spread["sd"]),
                    "gap": signed(spread["gap"], MINUS),
                }
                for spread in profile["columns"].values()
            ],
        }
        for profile in summary["profiles"]
    ]


def whole_row(summary: Summary) -> list[dict[str, str]]:
    """Return mean and standard deviation of each column over all clustered rows."""
    spreads = (summary["whole"][name] for name in summary["columns"])
    return [{"mean": measured(spread["mean"]), "sd": measured(spread["sd"])} for spread in spreads]


def quality_rows(summary: Summary) -> list[tuple[str, str, str]]:
    """Return measures of the best fit's clusters: name, value, and how to read it."""
    found = summary.get("quality")
    if not found:
        return []
    silhouette = found["silhouette"]
    of = "" if silhouette["rows"] == summary["rows"] else f", of {counted(silhouette['rows'], 'row')}"
    each = [
        (f"Silhouette, cluster {at}", "no row sampled" if value is None else _fine(value), "")
        for at, value in enumerate(silhouette["clusters"], 1)
    ]
    return [
        (
            f"Silhouette{of}",
            _fine(silhouette["mean"]),
            "at most 1, higher is better (Rousseeuw 1987)",
        ),
        *each,
        (
            "Calinski-Harabasz index",
            measured(found["calinski_harabasz"]),
            "higher is better (Calinski and Harabasz 1974)",
        ),
        ("Davies-Bouldin index", _fine(found["davies_bouldin"]), "lower is better (Davies and Bouldin 1979)"),
    ]


def _fine(value: float) -> str:
    return f"{value:.3f}".replace("-", MINUS)
