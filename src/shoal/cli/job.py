"""`shoal job`: what runs, waits and has ended."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli.connection import Where, connected
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, say, table
from shoal.cli.words import ago, take
from shoal.studies.wording import duration

app = typer.Typer(help="Look at jobs, cancel them, run them again.", no_args_is_help=True)
Id = Annotated[int, typer.Argument(metavar="ID", min=1, help="The job's id.")]
States = Annotated[list[str] | None, typer.Option("--state", help="Only this state; repeatable.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only this kind; repeatable.")]


@app.command("list")
@located
def list_jobs(
    where: Where, state: States = None, kind: Kinds = None, limit: Limit = 20, output: Output = Format.TABLE
) -> None:
    """List jobs, the newest first."""
    with connected(where) as client:
        found = [job.facts for job in take(client.jobs.find(state=state, kind=kind), limit)]
    head = ["ID", "NAME", "KIND", "STATE", "TOOK", "WHEN", "OWNER"]
    shown = table(head, [_line(job) for job in found], right=["ID", "TOOK"])
    empty = "No jobs yet. A study makes some: shoal study run yourfile.csv"
    answer(found, output, text=shown if found else empty, quiet="\n".join(str(job["id"]) for job in found))


@app.command()
@located
def show(where: Where, job: Id, output: Output = Format.TABLE) -> None:
    """Show a job and what was tried."""
    with connected(where) as client:
        found = client.jobs.get(job)
        facts = found.facts | {"attempts": found.attempts()}
    lines = [
        f"{name:14}{facts[name]}"
        for name in ("id", "kind", "name", "state", "owner", "reason")
        if facts[name]
    ]
    tried = [(one["number"], one["state"], one["worker"], _took(one)) for one in facts["attempts"]]
    if tried:
        lines += ["", table(["ATTEMPT", "STATE", "WORKER", "TOOK"], tried, right=["ATTEMPT", "TOOK"])]
    if facts["error"]:
        lines += ["", str(facts["error"].get("message", facts["error"]))]
    answer(facts, output, text="\n".join(lines), quiet=facts["state"])


@app.command()
@located
def logs(where: Where, job: Id) -> None:
    """Print the log of a job's newest attempt."""
    with connected(where) as client:
        typer.echo(client.jobs.get(job).log(), nl=False)


@app.command()
@located
def explain(where: Where, job: Id, output: Output = Format.TABLE) -> None:
    """Say what a job waits for, and why."""
    with connected(where) as client:
        found = client.jobs.get(job).explain()
    text = "\n".join(found["sentences"])
    answer(found, output, text=text, quiet=text)


@app.command()
@located
def cancel(where: Where, job: Id) -> None:
    """Stop a job and its children."""
    with connected(where) as client:
        say(f"Job {job} is {client.jobs.get(job).cancel().state}.")


@app.command()
@located
def rerun(where: Where, job: Id) -> None:
    """Run a job again; its old results stay."""
    with connected(where, work=True) as client:
        state = client.jobs.get(job).rerun().wait().state
    say(f"Job {job} {state}.")
    if state != "succeeded":
        raise typer.Exit(1)


def _line(job: dict[str, Any]) -> tuple[Any, ...]:
    return (job["id"], job["name"], job["kind"], job["state"], _took(job), ago(job["created"]), job["owner"])


def _took(facts: dict[str, Any]) -> str | None:
    started, ended = facts["started"], facts["ended"]
    return duration((ended - started) / 1e6) if started and ended else None
