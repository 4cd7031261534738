"""Rows and models by command: `shoal live push`, `predict`, `export`, `import`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shoal.base.errors import InvalidInput
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.cli.connection import Where, serving
from shoal.cli.live_options import Task, found
from shoal.cli.live_view import page
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table

if TYPE_CHECKING:
    from shoal.client.live_task import LiveTask

EXPORTED = fault_point("cli.live_export", "A live task is written to a file.")
# Rows, and bytes of lines, of one request.
TOGETHER, BLOCK = 20_000, 1 << 20
BEFORE = "What came in requests before this one is pushed."
AS_LINES = frozenset({".json", ".ndjson", ".jsonl"})
File = Annotated[
    str,
    typer.Argument(metavar="FILE|-", help="CSV, Parquet, xlsx, lines of JSON; - for lines as they come."),
]
Key = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="The same file under the same key counts once.")
]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Between values; found if not given.")]
Soft = Annotated[bool, typer.Option("--soft", help="Shares of every cluster.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")]
Model = Annotated[Path, typer.Argument(metavar="FILE", help="What `shoal live export` wrote.")]
Name = Annotated[str | None, typer.Option("--name", help="Call it so.")]


def register(noun: typer.Typer) -> None:
    """Add the commands to their noun."""
    noun.command("push")(push)
    noun.command("predict")(predict)
    noun.command("export")(export)
    noun.command("import")(import_)


@located
def push(
    where: Where,
    task: Task,
    file: File = "-",
    key: Key = None,
    delimiter: Delimiter = None,
    output: Output = Format.TABLE,
) -> None:
    """Push the rows of a file; when this returns they are safe."""
    rows = duplicates = 0
    with serving(where) as client:
        target = found(client, task)
        for number, some in enumerate(_batches(target, file, delimiter), 1):
            pushed = target.push(some, key=None if key is None else f"{key}-{number}")
            rows, duplicates = rows + pushed.rows, duplicates + pushed.rows * pushed.duplicate
    told = f"{rows:,} rows pushed." + (f" {duplicates:,} of them were there already." if duplicates else "")
    answer({"rows": rows, "duplicates": duplicates}, output, text=told, quiet=str(rows))


@located
def predict(
    where: Where,
    task: Task,
    file: File = "-",
    delimiter: Delimiter = None,
    soft: Soft = False,
    output: Output = Format.TABLE,
) -> None:
    """Say in which cluster each row of a file is.

    The task does not learn from them.
    """
    labels: list[int] = []
    more: list[Any] = []
    with serving(where) as client:
        target = found(client, task)
        for some in _batches(target, file, delimiter):
            told = target.predict(some, soft=soft)
            labels += told["labels"]
            more += told["shares"] if soft else told["distances"]
    name = "shares" if soft else "distances"
    shown = table(
        ["CLUSTER", name.upper()], [(label, _numbers(one)) for label, one in zip(labels, more, strict=True)]
    )
    answer({"labels": labels, name: more}, output, text=shown, quiet="\n".join(map(str, labels)))


@located
def export(where: Where, task: Task, out: Out) -> None:
    """Write all that a task has found to a file (NPZ).

    Its frame is in it.
    """
    with serving(where) as client:
        write_durably(EXPORTED, out, found(client, task).export())
    say(f"Written to {out}. Bring it elsewhere with: shoal live import {out}")


@located
def import_(where: Where, file: Model, name: Name = None, output: Output = Format.TABLE) -> None:
    """Make a task of an exported file."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}.", code="no_such_file") from error
    with serving(where) as client:
        facts = client.live.load(content, name=name).facts
    answer(facts, output, text=page(facts), quiet=facts["id"])


def _batches(task: LiveTask, file: str, delimiter: str | None) -> Iterator[Any]:
    """Yield rows, some at a time: what is left out is said."""
    if file == "-" or Path(file).suffix.lower() in AS_LINES:
        yield from _of_lines(Path("/dev/stdin" if file == "-" else file))
    else:
        rows = _of_table(task, Path(file), delimiter)
        for start in range(0, len(rows), TOGETHER):
            yield rows[start : start + TOGETHER]


def _of_lines(file: Path) -> Iterator[list[Any]]:
    """Yield the rows of lines as they come: what is there when it is looked at goes together."""
    from shoal.live.sources.lines import header_of, rows_of

    names: list[str] | None = None
    number = 0
    for lines in _lines(file):
        rows: list[Any] = []
        for line in lines:
            number += 1
            names = header_of(line) if number == 1 else names
            if line.strip() and not (number == 1 and names):
                try:
                    rows += rows_of(line, names)
                except ValueError as error:
                    raise InvalidInput(f"Line {number} is no row: {error}.", hint=BEFORE) from error
        if rows:
            yield rows


def _lines(file: Path) -> Iterator[list[bytes]]:
    rest = b""
    try:
        with file.open("rb", buffering=0) as opened:
            while block := opened.read(BLOCK):
                *lines, rest = (rest + block).split(b"\n")
                yield lines
    except OSError as error:
        raise InvalidInput(f"{file}: {error.strerror}.", code="no_such_file") from error
    yield [rest]


def _of_table(task: LiveTask, file: Path, delimiter: str | None) -> Any:
    """Return the columns of a file that a task takes: those it names, else all numbers."""
    from shoal.storage.matrix import matrix
    from shoal.storage.options import ReadOptions
    from shoal.storage.reading import read_table

    read = read_table(file, options=ReadOptions(delimiter=delimiter))
    wish = task.facts["wish"]
    numbers = [one.name for one in read.columns if one.kind in ("number", "integer")]
    columns = wish["columns"] or wish["variables"] or numbers
    chosen = matrix(read.table, columns)
    if chosen.dropped:
        say(f"Left out: {chosen.dropped:,} rows with gaps.")
    if not (wish["columns"] or wish["variables"]):
        say(f"Columns: {', '.join(columns)}.")
    return chosen.values


def _numbers(value: Any) -> str:
    if isinstance(value, list):
        return "  ".join(f"{one:.3f}" for one in value)
    return "-" if value is None else f"{value:.6g}"
