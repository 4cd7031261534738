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

app = typer.Typer(help="Add, look at and remove datasets.", no_args_is_help=True)
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Between values; found if not given.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The dataset's id.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, these gzipped, Parquet or xlsx.")]


@app.command()
@located
def add(
    where: Where,
    file: File,
    delimiter: Delimiter = None,
    name: Annotated[str | None, typer.Option("--name", help="Call it so.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Read a file and keep it as a dataset."""
    with connected(where) as client:
        dataset = client.datasets.add(file, name=name, delimiter=delimiter)
    for note in dataset.notes:
        say(note)
    answer(dataset.facts, output, text=_described(dataset.facts), quiet=dataset.id)


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
    """Show a dataset and its columns."""
    with connected(where) as client:
        facts = client.datasets.get(dataset).facts
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
    head = f"{facts['id']}  {facts['name']}: {facts['rows']:,} rows, {len(facts['columns'])} columns"
    columns = [
        (one["name"], one["kind"], one.get("role"), f"{one['missing']:,}", *_span(one))
        for one in facts["columns"]
    ]
    names = ["COLUMN", "KIND", "ROLE", "MISSING", "MIN", "MEAN", "MAX"]
    return f"{head}\n\n{table(names, columns, right=names[3:])}"


def _span(column: dict[str, Any]) -> list[str | None]:
    values = [column.get(name) for name in ("min", "mean", "max")]
    return [f"{value:.6g}" if isinstance(value, int | float) else None for value in values]
