"""Watching a study until it ends, and telling what it found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from shoal.base.errors import Conflict, Forbidden, Unavailable
from shoal.base.faults import fault_point
from shoal.base.files import durable_file
from shoal.cli.interruption import interruption
from shoal.cli.options import Format
from shoal.cli.output import print_json, say
from shoal.cli.progress import progress

if TYPE_CHECKING:
    from shoal.client.studies import Study

WRITTEN = fault_point("cli.output", "A file of a study's result is whole in the folder asked for.")
STOPPED = 130


def follow(study: Study) -> Study:
    """Say what runs, show how far it is, and return when it has ended; Ctrl-C stops it.

    Raises:
        StudyFailed: it failed, or was cancelled by somebody.
        StorageFull, Unavailable, Forbidden: it cannot go on now.
    """
    from shoal.cli.study_view import study_of
    from shoal.studies.telling.terminal import Look, opening

    def changed(seen: Study) -> None:
        asked.check()
        report(**_counts(seen))

    try:
        with interruption() as asked:
            for line in opening(study_of(study.facts), Look.of(sys.stderr)):
                say(line)
            say(f"{study.facts['estimate']} Ctrl-C stops; finished fits stay.")
            with progress("fits", then="drawing the report") as report:
                return study.wait(on_change=changed)
    except KeyboardInterrupt:
        _stop(study)
        raise typer.Exit(STOPPED) from None
    except (Unavailable, Forbidden):
        say(f"What the study has found so far is kept. Go on: shoal study watch {study.id}")
        raise


def tell(study: Study, folder: Path, output: Format, *, raw: bool = False) -> None:
    """Write a study's files into a folder and print what it found; exit 1 without a recommendation."""
    files = save(study, folder, raw=raw)
    show(study, output, files)
    if study.summary is None or study.summary["best"] is None:
        raise typer.Exit(1)


def show(study: Study, output: Format, files: dict[str, str] | None = None) -> None:
    """Print what a study found."""
    from shoal.cli.study_view import study_of
    from shoal.studies.telling.document import brief
    from shoal.studies.telling.terminal import Look, lines_of

    shown, look = study_of(study.facts), Look.of(sys.stdout)
    if output is Format.JSON:
        print_json(brief(shown, files or {}))
    elif output is Format.QUIET:
        typer.echo(study.id)
    else:
        sys.stdout.write("\n".join(lines_of(shown, files or {}, look)) + "\n")


def save(study: Study, folder: Path, *, raw: bool = False, fits: bool = False) -> dict[str, str]:
    """Write report.html, labels.csv (when a fit is recommended) and, last, study.json; return their paths.

    All are there when this returns; when it fails (a full disk) what was there before still is, and no more.
    """
    recommended = study.summary is not None and study.summary["best"] is not None
    parts = {"report": "report.html", "labels": "labels.csv", "fits": "fits.csv", "json": "study.json"}
    left_out = {"labels": not recommended, "fits": not fits}
    files = {part: folder / name for part, name in parts.items() if not left_out.get(part)}
    with _no_new_folder(folder), ExitStack() as drafts:
        for path in reversed(files.values()):  # They get their names in the opposite order.
            draft = drafts.enter_context(durable_file(WRITTEN, path))
            for piece in study.download(path.name, raw=raw):
                draft.write(piece)
    return {part: str(path) for part, path in files.items()}


def save_fit(study: Study, fit: int, folder: Path, *, raw: bool = False) -> dict[str, str]:
    """Write the labels of any fit into a folder; returns the path.

    Raises:
        Conflict: they could not be made.
    """
    job = study.open_fit(fit).wait()
    path = folder / f"labels-fit-{fit}.csv"
    with durable_file(WRITTEN, path) as file:
        for piece in study.download("labels.csv", opened=job.id, raw=raw):
            file.write(piece)
    return {"labels": str(path)}


@contextmanager
def _no_new_folder(folder: Path) -> Iterator[None]:
    """Remove a folder that was made in the block, and is empty, when the block fails."""
    was_there = folder.exists()
    try:
        yield
    except BaseException:
        if not was_there:
            with suppress(OSError):
                folder.rmdir()
        raise


def _counts(study: Study) -> dict[str, int]:
    return {name: study.progress[name] for name in ("done", "failed", "total")}


def _stop(study: Study) -> None:
    try:
        study.cancel()
    except Conflict:  # It ended in the same moment.
        study.refresh()
    done = study.refresh().progress["done"]
    say(f"Cancelled after {done} fits. They are kept. Run the rest: shoal study rerun {study.id}")
