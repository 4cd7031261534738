"""Options that mean the same in every command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a command answers on standard output."""

    TABLE = "table"
    JSON = "json"
    QUIET = "quiet"


Output = Annotated[Format, typer.Option("--output", help="How to answer.")]
Home = Annotated[Path | None, typer.Option("--home", metavar="DIR", help="The folder that holds everything.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="A settings file.")]
Database = Annotated[str | None, typer.Option("--database", metavar="URL|@FILE", help="Use this database.")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="Workers here; 0: none.")]
Server = Annotated[
    str | None,
    typer.Option("--server", envvar="SHOAL_SERVER", metavar="URL", help="Talk to this server instead."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")]
