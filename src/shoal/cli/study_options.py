"""What can be said about a study on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.cli.located import in_place_of

Id = Annotated[str, typer.Argument(metavar="ID", help="The study's id, the beginning of it, or `last`.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, these gzipped, Parquet or xlsx.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where files go; NAME-study if not given.")
]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Between values; found if not given.")]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B,...", help="Cluster by these; all that can be if not given."),
]
MaxK = Annotated[int | None, typer.Option("--max-k", metavar="N", help="Try 1 to N clusters.  [10]")]
Experiments = Annotated[
    int | None, typer.Option("--experiments", metavar="N", help="Repeats of everything.  [10]")
]
NInit = Annotated[int | None, typer.Option("--n-init", metavar="N", help="Starts of each fit.  [10]")]
Covariances = Annotated[
    str | None,
    typer.Option(
        "--covariances", metavar="A,B,...", help="Of full-, diag-, spher- with tied, untied.  [all six]"
    ),
]
NoScale = Annotated[bool, typer.Option("--no-scale", help="Leave columns in their own units.")]
MinMembers = Annotated[
    int | None, typer.Option("--min-members", metavar="N", help="Rows of the smallest cluster.  [30, or 5%]")
]
Select = Annotated[str | None, typer.Option("--select", metavar="best|mean", help="Choose by.  [best]")]
Score = Annotated[
    str | None, typer.Option("--score", metavar="correct|legacy", help="How to score.  [correct]")
]
Assignment = Annotated[
    str | None,
    typer.Option("--assignment", metavar="likelihood|distance", help="How rows choose.  [likelihood]"),
]
Legacy = Annotated[bool, typer.Option("--legacy", help="The older service's score and assignment.")]
Missing = Annotated[
    str | None, typer.Option("--missing", metavar="drop|impute", help="Rows with gaps.  [drop]")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Where chance begins.  [0]")]
Preset = Annotated[
    str | None, typer.Option("--preset", metavar="quick|standard|thorough", help="A starting point.")
]
Budget = Annotated[
    str | None, typer.Option("--budget", metavar="TIME", help="Stay within, like 60s or 5min.")
]
Extend = Annotated[bool, typer.Option("--extend", help="If the largest k wins, try up to twice as many.")]
Raw = Annotated[bool, typer.Option("--raw", help="Leave cells as they are that a spreadsheet would run.")]
Name = Annotated[str | None, typer.Option("--name", help="Call the study so.")]


def wished(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a plan in what was said; what was not said is left out."""
    turned = {
        "n_experiments": given.pop("experiments"),
        "scale": False if given.pop("no_scale") else None,
        "legacy": given.pop("legacy") or None,
        "columns": _parts(given.pop("columns")),
        "covariances": _parts(given.pop("covariances")),
    }
    return {name: value for name, value in (given | turned).items() if value is not None}


def _parts(text: str | None) -> list[str] | None:
    return [part.strip() for part in text.split(",")] if text else None


planned = in_place_of(
    "plan",
    {
        "columns": Columns,
        "max_k": MaxK,
        "experiments": Experiments,
        "n_init": NInit,
        "covariances": Covariances,
        "no_scale": NoScale,
        "min_members": MinMembers,
        "select": Select,
        "score": Score,
        "assignment": Assignment,
        "legacy": Legacy,
        "missing": Missing,
        "seed": Seed,
        "preset": Preset,
        "budget": Budget,
    },
    wished,
)
