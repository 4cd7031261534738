"""`shoal node`: what lets other machines in."""

from __future__ import annotations

from typing import Annotated

import typer

from shoal.base.errors import InvalidInput
from shoal.cli.connection import Where
from shoal.cli.options import Config, Home
from shoal.cli.output import say

app = typer.Typer(help="Let other machines in.", no_args_is_help=True)
SERVER = "server"
Named = Annotated[str, typer.Argument(metavar="NAME", help="`server`.")]


@app.callback()
def node() -> None:
    """Let other machines in."""


@app.command()
def token(name: Named, home: Home = None, config: Config = None) -> None:
    """Make a new token and print it once; it replaces the one before.

    The server token opens a server to requests from other machines: `Authorization: Bearer TOKEN`.
    """
    if name != SERVER:
        raise InvalidInput(
            f"There is no token {name} yet: tokens of workers come later.",
            hint=f"For requests from other machines: shoal node token {SERVER}",
        )
    from shoal.access.tokens import generate

    folder = Where(home, config).settings().home
    made = generate(folder)
    typer.echo(made)
    say("Keep it: only its hash is stored. A server takes it when it starts the next time.")
