"""`shoal study predict`, `compare` and `reproduce`: putting a result to use, and to the test."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoal.base.errors import InvalidInput
from shoal.base.files import durable_file
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table
from shoal.cli.study_following import WRITTEN, follow
from shoal.cli.study_options import Delimiter, File, Id, Raw

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.datasets import Dataset
    from shoal.client.studies import Study

READING = "1 is the same groups, whatever their numbers; 0 is what chance would give."
MOST_GROUPS = 30
Against = Annotated[str | None, typer.Argument(metavar="[ID]", help="Another study.")]
Column = Annotated[
    str | None, typer.Option("--column", help="A column of the file that is known to be true.")
]
To = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write here; NAME-labels.csv if not given.")
]
Document = Annotated[Path, typer.Argument(metavar="STUDY.JSON", help="What a study wrote.")]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="FILE", help="Its data; kept datasets are searched.")
]


@located
def predict(
    where: Where, study: Id, file: File, delimiter: Delimiter = None, out: To = None, raw: Raw = False
) -> None:
    """Give new rows the clusters of a study.

    The result is a CSV with Label and Certainty.
    """
    target = out or Path(f"{file.stem}-labels.csv")
    with connected(where) as client, durable_file(WRITTEN, target) as written:
        for piece in client.studies.get(study).predict(file, delimiter=delimiter, raw=raw):
            written.write(piece)
    say(f"Labels  {target}")


@located
def compare(
    where: Where, study: Id, other: Against = None, column: Column = None, output: Output = Format.TABLE
) -> None:
    """Compare a study's clusters with another's, or with a column.

    The column is one of its file.
    """
    if (other is None) == (column is None):
        raise typer.BadParameter("Name another study, or a column with --column.", param_hint="compare")
    with connected(where) as client:
        found = client.studies.get(study).compare(other, column=column)
    answer(found, output, text=_cross_table(found), quiet=f"{found['adjusted_rand']:.6f}")


@located
def reproduce(where: Where, document: Document, data: Data = None, output: Output = Format.TABLE) -> None:
    """Run a study again from its study.json and verify every number."""
    from shoal.cli.study_view import study_of
    from shoal.studies.model import Fit
    from shoal.studies.reproduction import differences, other_versions, read_document

    content = read_document(document)
    with connected(where, work=True) as client:
        study = follow(_again(client, content, data))
        found = differences(content, study_of(study.facts), [Fit.from_json(fit) for fit in study.fits()])
    for change in other_versions(content):
        say(f"{change.what} is {change.found} here, it was {change.said}.")
    rows = [(one.what, one.said, one.found) for one in found]
    same = f"Reproduced: all {len(content['fits'])} fits give the same numbers."
    text = table(["WHAT", "SAID", "FOUND"], rows[:20]) if rows else same
    value = {"reproduced": not rows, "differences": [asdict(one) for one in found]}
    answer(value, output, text=text, quiet=str(not rows).lower())
    if rows:
        say(f"Not reproduced: {len(rows)} numbers differ.")
        raise typer.Exit(1)


def _again(client: Client, content: dict[str, Any], data: Path | None) -> Study:
    from shoal.studies.reproduction import check_data, plan_of_document

    source = content["source"]
    found = client.datasets.add(data) if data else _kept(client, source["sha256"])
    if found is None:
        raise InvalidInput(
            f"The data of the study, {source['name']}, is not kept here.", hint="Name the file: --data FILE"
        )
    check_data(content, found.name, found.facts["sha256"])
    # In which steps a study grew changes no fit, only their ids.
    plan = {name: value for name, value in plan_of_document(content).as_json().items() if name != "former"}
    return client.studies.submit(found.id, name=content["name"], **plan)


def _kept(client: Client, sha256: str) -> Dataset | None:
    return next((dataset for dataset in client.datasets if dataset.facts["sha256"] == sha256), None)


def _cross_table(found: dict[str, Any]) -> str:
    head = ["", *found["column_names"]]
    rows = [[name, *counts] for name, counts in zip(found["row_names"], found["counts"], strict=True)]
    title = f"{found['left']} against {found['right']}: adjusted Rand index {found['adjusted_rand']:.3f}"
    title += f", {found['rows']:,} rows\n{READING}"
    if len(rows) > MOST_GROUPS or len(head) > MOST_GROUPS:
        return f"{title}\n\nToo many groups for a table; --output json has the counts."
    return f"{title}\n\n{table(head, rows, right=head[1:])}"


def register(app: typer.Typer) -> None:
    """Add the commands to `shoal study`."""
    for command in (predict, compare, reproduce):
        app.command()(command)
