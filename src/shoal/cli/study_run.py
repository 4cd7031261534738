"""`shoal study run` and `submit`: from a file to an answer."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shoal.base.errors import ShoalError
from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say
from shoal.cli.progress import busy
from shoal.cli.study_following import follow, tell
from shoal.cli.study_options import Delimiter, Extend, File, Name, Out, Raw, planned
from shoal.storage.sources import open_source

if TYPE_CHECKING:
    from shoal.client import Client
    from shoal.client.studies import Study


@located
@planned
def run(
    where: Where,
    plan: dict[str, Any],
    file: File,
    delimiter: Delimiter = None,
    extend: Extend = False,
    raw: Raw = False,
    name: Name = None,
    out: Out = None,
    output: Output = Format.TABLE,
) -> None:
    """Find how many clusters a file has; write a report and labels.

    Ctrl-C stops the study; fits that have ended are kept.
    """
    with ExitStack() as opened:
        with busy("Starting the workers…"):
            client = opened.enter_context(connected(where, work=True))
        study = start(client, file, delimiter, name, plan)
        study = follow(study)
        if extend and _is_at_the_edge(study):
            study = follow(
                study.extend(min(2 * study.facts["plan"]["max_k"], study.facts["facts"]["distinct"]))
            )
        tell(study, out or folder_for(file), output, raw=raw)


@located
@planned
def submit(
    where: Where,
    plan: dict[str, Any],
    file: File,
    delimiter: Delimiter = None,
    name: Name = None,
    output: Output = Format.TABLE,
) -> None:
    """Start a study and return.

    A server runs it, or the next command that works in the home.
    """
    with connected(where) as client:
        study = start(client, file, delimiter, name, plan)
    answer(
        study.facts, output, text=f"Study {study.id} is waiting. shoal study watch {study.id}", quiet=study.id
    )


def start(
    client: Client, file: Path, delimiter: str | None, name: str | None, options: dict[str, Any]
) -> Study:
    """Upload a file and start a study over it; what was noticed about the file is said."""
    with open_source(file, file.name):  # What is not there is said before anything is asked of a server.
        pass
    dataset = client.datasets.add(file, delimiter=delimiter)
    for note in dataset.notes:
        say(note)
    try:
        study = client.studies.submit(dataset.id, name=name or "", **options)
    except ShoalError:
        if dataset.is_new:  # Nothing is left of what was refused.
            with suppress(ShoalError):
                client.datasets.remove(dataset.id)
        raise
    if change := study.facts.get("changed"):
        say(change)
    return study


def folder_for(file: Path) -> Path:
    """Return where the files of a study go: NAME-study beside where the command runs."""
    name = file.name
    while (suffix := Path(name).suffix) and suffix.lower() in {
        ".gz",
        ".csv",
        ".tsv",
        ".txt",
        ".parquet",
        ".xlsx",
    }:
        name = name.removesuffix(suffix)
    return Path(f"{name or file.name}-study")


def _is_at_the_edge(study: Study) -> bool:
    return any(note["code"] == "edge" for note in (study.summary or {}).get("notes", []))


def register(app: typer.Typer) -> None:
    """Add the commands to `shoal study`."""
    app.command()(run)
    app.command()(submit)
