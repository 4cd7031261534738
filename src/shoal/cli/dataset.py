"""`shoal dataset`: tables that studies are made over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, say, table
from shoal.cli.words import ago, take
from shoal.studies.wording import printable

app = typer.Typer(help="Add, look at and remove datasets.", no_args_is_help=True)
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Between values; found if not given.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The dataset's id.")]
Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--no-resume", help="Send it in parts, and go on with parts that were sent.  [over 64 MB]"
    ),
]
# Bars of a histogram, and how much is said of words.
_BARS = " ▁▂▃▄▅▆▇█"
MOST, LONGEST = 3, 16
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, these gzipped, Parquet or xlsx.")]


@app.command()
@located
def add(
    where: Where,
    file: File,
    delimiter: Delimiter = None,
    name: Annotated[str | None, typer.Option("--name", help="Call it so.")] = None,
    resume: Resume = None,
    output: Output = Format.TABLE,
) -> None:
    """Read a file and keep it as a dataset."""
    with connected(where) as client:
        dataset = client.datasets.add(file, name=name, delimiter=delimiter, resume=resume)
        facts = dataset.facts | {"columns": client.datasets.columns(dataset.id)}
    for note in dataset.notes:
        say(note)
    answer(facts, output, text=_described(facts), quiet=dataset.id)


@app.command("list")
@located
def list_datasets(
    where: Where,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """List datasets, the newest first."""
    with connected(where) as client:
        found = [dataset.facts for dataset in take(client.datasets, limit)]
    rows = [
        (one["id"], one["name"], f"{one['rows']:,}", len(one["columns"]), ago(one["created"]))
        for one in found
    ]
    shown = table(["ID", "NAME", "ROWS", "COLUMNS", "ADDED"], rows, right=["ROWS", "COLUMNS"])
    empty = "No datasets yet. Add one: shoal dataset add yourfile.csv"
    answer(found, output, text=shown if rows else empty, quiet="\n".join(one["id"] for one in found))


@app.command()
@located
def show(
    where: Where,
    dataset: Id,
    output: Output = Format.TABLE,
) -> None:
    """Show a dataset and what is in its columns."""
    with connected(where) as client:
        facts = client.datasets.get(dataset).facts
        facts = facts | {"columns": client.datasets.columns(facts["id"])}
    answer(facts, output, text=_described(facts), quiet=str(facts["id"]))


@app.command("rm")
@located
def remove(
    where: Where,
    dataset: Id,
) -> None:
    """Remove a dataset; one that a study needs stays."""
    with connected(where) as client:
        client.datasets.remove(dataset)
    say(f"Dataset {dataset} is removed.")


def _described(facts: dict[str, Any]) -> str:
    name = printable(facts["name"])
    head = f"{facts['id']}  {name}: {facts['rows']:,} rows, {len(facts['columns'])} columns"
    rows = [_column(one) for one in facts["columns"]]
    names = ["COLUMN", "KIND", "ROLE", "MISSING", "DISTINCT", "MIN", "MEAN", "MAX", "SD", "VALUES"]
    return f"{head}\n\n{table(names, rows, right=names[3:9])}"


def _column(one: dict[str, Any]) -> tuple[Any, ...]:
    distinct = "many" if one["distinct"] is None else f"{one['distinct']:,}"
    numbers = (one[name] for name in ("min", "mean", "max", "sd"))
    span = ["" if value is None else f"{value:.6g}" for value in numbers]
    return (
        printable(one["name"]),
        one["kind"],
        one["role"],
        f"{one['missing']:,}",
        distinct,
        *span,
        _look(one),
    )


def _look(one: dict[str, Any]) -> str:
    """Return what the values look like: a small histogram, or the most frequent words."""
    if histogram := one.get("histogram"):
        highest = max(histogram["counts"])
        return "".join(_BARS[-(-count * (len(_BARS) - 1) // highest)] for count in histogram["counts"])
    return ", ".join(f"{word['value'][:LONGEST]} {word['count']:,}" for word in (one.get("top") or [])[:MOST])
