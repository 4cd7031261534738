"""`shoal job schedule`: what is submitted again and again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.base.clock import isoformat
from shoal.cli.connection import Where, connected
from shoal.cli.job_options import Words, asked, with_words
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, say, table

app = typer.Typer(help="Submit something again and again; a server has to run.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The schedule's id.")]
Cron = Annotated[
    str, typer.Option("--cron", metavar="LINE", help="Minute, hour, day, month, day of week: '0 6 * * 1-5'.")
]
Zone = Annotated[str, typer.Option("--zone", metavar="ZONE", help="Whose time, like Europe/Budapest.")]
Paused = Annotated[bool, typer.Option("--paused", help="Begin only when it is resumed.")]


@app.command(context_settings={"allow_interspersed_args": False})
@located
@asked
def add(
    where: Where,
    request: dict[str, Any],
    cron: Cron,
    zone: Zone = "UTC",
    paused: Paused = False,
    words: Words = None,
    output: Output = Format.TABLE,
) -> None:
    """Submit a job whenever a cron line comes true; says what it is as `shoal job run` does."""
    request = with_words(request, words)
    with connected(where) as client:
        made = client.schedules.create(cron, request, zone=zone, name=request.get("name", ""), paused=paused)
    when = isoformat(made["next"]) if made["next"] else "when it is resumed"
    answer(made, output, text=f"Schedule {made['id']}: next {when}.", quiet=made["id"])


@app.command("list")
@located
def list_schedules(where: Where, output: Output = Format.TABLE) -> None:
    """List schedules, the newest first."""
    with connected(where) as client:
        found = list(client.schedules.find())
    shown = table(
        ["ID", "NAME", "CRON", "ZONE", "NEXT", "RUNS", "LAST ERROR"], map(_line, found), right=["RUNS"]
    )
    answer(
        found,
        output,
        text=shown if found else "No schedules. Make one: shoal job schedule add --cron '0 6 * * *' -- CMD",
        quiet="\n".join(one["id"] for one in found),
    )


@app.command()
@located
def pause(where: Where, schedule: Id) -> None:
    """Submit nothing more until it is resumed."""
    with connected(where) as client:
        client.schedules.pause(schedule)
    say(f"Schedule {schedule} is paused.")


@app.command()
@located
def resume(where: Where, schedule: Id) -> None:
    """Go on at its next time from now."""
    with connected(where) as client:
        due = client.schedules.resume(schedule)["next"]
    say(f"Schedule {schedule}: next {isoformat(due)}." if due else f"Schedule {schedule} has no next time.")


@app.command()
@located
def rm(where: Where, schedule: Id) -> None:
    """Forget a schedule; the jobs that it submitted stay."""
    with connected(where) as client:
        client.schedules.remove(schedule)
    say(f"Schedule {schedule} is gone.")


def _line(one: dict[str, Any]) -> tuple[Any, ...]:
    due = "paused" if one["paused"] else isoformat(one["next"])[:16] + "Z" if one["next"] else "never"
    return one["id"], one["name"], one["cron"], one["zone"], due, one["runs"], one["error"] or "-"
