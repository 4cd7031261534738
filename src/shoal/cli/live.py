"""`shoal live`: clusters of rows that keep arriving. It needs a server that runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli import live_feed, live_rows, live_view, live_watch
from shoal.cli.connection import Where, serving
from shoal.cli.live_options import Task, as_wished, found
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, say
from shoal.cli.words import take

app = typer.Typer(help="Follow clusters of rows that keep arriving.", no_args_is_help=True)
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help="A part of the name.")]
New = Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")]
Seconds = Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", help="Wait no longer.")]
Name = Annotated[str | None, typer.Option("--name", help="Call it so.")]


@app.command()
@located
@as_wished
def create(where: Where, options: dict[str, Any], name: New = "", output: Output = Format.TABLE) -> None:
    """Make a task that waits for rows; `play` lets it run."""
    with serving(where) as client:
        task = client.live.create(name, **options)
    _show(task.facts, output)


@app.command()
@located
@as_wished
def play(where: Where, options: dict[str, Any], task: Task, output: Output = Format.TABLE) -> None:
    """Let a task run. With options it is made first, under this name."""
    with serving(where) as client:
        played = client.live.play(task, **options) if options else found(client, task).play()
    _show(played.facts, output)


@app.command()
@located
def pause(where: Where, task: Task, output: Output = Format.TABLE) -> None:
    """Let a running task rest."""
    with serving(where) as client:
        _show(found(client, task).pause().facts, output)


@app.command()
@located
def wait(where: Where, task: Task, timeout: Seconds = None, output: Output = Format.TABLE) -> None:
    """Wait until a task's run is over."""
    with serving(where) as client:
        try:
            ended = found(client, task).wait(timeout=timeout)
        except TimeoutError as error:
            say(f"error: {error}")
            raise typer.Exit(1) from None
    _show(ended.facts, output)
    if ended.state == "failed":
        raise typer.Exit(1)


@app.command()
@located
def stop(where: Where, task: Task, output: Output = Format.TABLE) -> None:
    """End a task; what it has found and its rows stay."""
    with serving(where) as client:
        _show(found(client, task).stop().facts, output)


@app.command()
@located
@as_wished
def reconfigure(
    where: Where, options: dict[str, Any], task: Task, name: Name = None, output: Output = Format.TABLE
) -> None:
    """Change what a task is asked to do; what is not named stays."""
    with serving(where) as client:
        _show(found(client, task).reconfigure(name=name, **options).facts, output)


@app.command()
@located
def copy(where: Where, task: Task, name: Name = None, output: Output = Format.TABLE) -> None:
    """Make another task with the same wish and rows."""
    with serving(where) as client:
        _show(found(client, task).copy(name).facts, output)


@app.command()
@located
def delete(where: Where, tasks: Annotated[list[str], typer.Argument(metavar="TASK...")]) -> None:
    """Delete tasks with their rows."""
    with serving(where) as client:
        for task in [found(client, word) for word in tasks]:
            task.remove()
            say(f"Live task {task.id} is deleted.")


@app.command("list")
@located
def list_tasks(where: Where, search: Search = "", limit: Limit = 20, output: Output = Format.TABLE) -> None:
    """List tasks, the newest first."""
    with serving(where) as client:
        listed = [task.facts for task in take(client.live.find(q=search), limit)]
    answer(listed, output, text=live_view.lines(listed), quiet="\n".join(task["id"] for task in listed))


@app.command()
@located
def show(where: Where, task: Task, output: Output = Format.TABLE) -> None:
    """Show a task and its clusters."""
    with serving(where) as client:
        _show(found(client, task).facts, output)


def _show(facts: dict[str, Any], output: Format) -> None:
    answer(facts, output, text=live_view.page(facts), quiet=facts["id"])


live_rows.register(app)
live_watch.register(app)
live_feed.register(app)
