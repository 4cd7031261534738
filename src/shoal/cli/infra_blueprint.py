"""`shoal infra blueprint`: descriptions that Shoal ships, to copy and build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table

app = typer.Typer(help="Descriptions of clusters that Shoal ships.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name in the list.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]


@app.command("list")
def list_blueprints(output: Output = Format.TABLE) -> None:
    """List the blueprints."""
    from shoal.infra.blueprints.catalogue import blueprints

    found = blueprints()
    rows = [(each.name, each.summary) for each in found]
    names = "\n".join(each.name for each in found)
    answer([each._asdict() for each in found], output, text=table(["NAME", "WHAT"], rows), quiet=names)


@app.command()
def copy(name: Name, folder: Folder, output: Output = Format.TABLE) -> None:
    """Copy a blueprint into a folder, where you may change it and build it."""
    from shoal.infra.blueprints.catalogue import copy as copy_to

    file = copy_to(name, folder)
    answer({"description": str(file)}, output, text=str(file), quiet=str(file))
    say(f"Build it: shoal infra build {file}")
