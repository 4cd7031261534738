"""Answers on standard output, messages on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer

from shoal.cli.options import Format


def say(message: str) -> None:
    """Print a message for people; never part of the answer."""
    typer.echo(message, err=True)


def answer(value: Any, output: Format, *, text: str, quiet: str = "") -> None:
    """Print one answer: `value` as one JSON object, or `text`, or only what a script needs."""
    if output is Format.JSON:
        print_json(value)
    else:
        shown = text if output is Format.TABLE else quiet
        if shown:
            typer.echo(shown)


def print_json(value: Any) -> None:
    """Print one JSON value on standard output."""
    import orjson

    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    sys.stdout.write(orjson.dumps(value, option=option | orjson.OPT_NON_STR_KEYS).decode() + "\n")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = ()) -> str:
    """Return rows below a head, aligned by spaces; the columns named in `right` are numbers."""
    cells = [list(head), *[["-" if cell is None else str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    numbers = {i for i, name in enumerate(head) if name in set(right)}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    )
