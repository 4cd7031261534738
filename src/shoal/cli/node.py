"""`shoal node`: what lets other machines in, and who works."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table
from shoal.cli.words import ago
from shoal.studies.wording import duration

app = typer.Typer(help="Let other machines in, see who works.", no_args_is_help=True)
SERVER = "server"
Named = Annotated[
    str, typer.Argument(metavar="NAME", help="A node's name, or `server` for the server token.")
]
Worker = Annotated[str, typer.Argument(metavar="NAME", help="As `shoal node list` shows it.")]


@app.command()
@located
def token(where: Where, name: Named) -> None:
    """Make a new token and print it once; it replaces the one before.

    A node's token lets a machine join: `shoal worker --server URL --token-file FILE`. The server token
    opens a server to requests from other machines: `Authorization: Bearer TOKEN`.
    """
    if name == SERVER:
        from shoal.access.tokens import generate

        typer.echo(generate(where.settings().home))
        say("Keep it: only its hash is stored. A server takes it when it starts the next time.")
        return
    with connected(where) as client:
        typer.echo(client.workers.invite(name))
    say("Keep it: only its hash is stored. `shoal worker --token-file FILE` joins with it.")


@app.command("list")
@located
def list_workers(where: Where, output: Output = Format.TABLE) -> None:
    """List who works: the server's own workers and every node."""
    with connected(where) as client:
        found = client.workers.list()
    head = ["NAME", "HOST", "STATE", "RUNS", "SEEN", "LABELS"]
    shown = table(head, [_line(one) for one in found])
    empty = "Nobody has worked yet."
    answer(found, output, text=shown if found else empty, quiet="\n".join(one["name"] for one in found))


@app.command()
@located
def drain(where: Where, name: Worker) -> None:
    """Have a worker take no more jobs; what it runs goes on."""
    with connected(where) as client:
        client.workers.drain(name)
    say(f"{name} takes no more jobs.")


@app.command()
@located
def resume(where: Where, name: Worker) -> None:
    """Have a worker take jobs again."""
    with connected(where) as client:
        client.workers.resume(name)
    say(f"{name} takes jobs again.")


@app.command()
@located
def rm(where: Where, name: Worker) -> None:
    """Shut a node out: its token opens nothing from now on, what it runs is done again by others."""
    with connected(where) as client:
        client.workers.remove(name)
    say(f"Node {name} is removed.")


def _line(one: dict[str, Any]) -> tuple[Any, ...]:
    seen = ago(one["seen"]) if one["seen"] else None
    return one["name"], one["host"] or None, one["state"], _runs(one), seen, ",".join(one["labels"]) or None


def _runs(one: dict[str, Any]) -> str | None:
    from shoal.base.clock import now

    shown = [f"{job['job']} ({duration((now() - job['since']) / 1e6)})" for job in one["running"][:4]]
    more = len(one["running"]) - len(shown)
    return " ".join([*shown, *([f"and {more} more"] if more else [])]) or None
