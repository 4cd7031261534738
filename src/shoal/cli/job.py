"""`shoal job`: what runs, waits and has ended."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.cli import job_run, job_schedule, job_view
from shoal.cli.connection import Where, connected
from shoal.cli.job_following import follow as follow_job
from shoal.cli.job_options import Id, Ids
from shoal.cli.located import located
from shoal.cli.options import Format, Limit, Output
from shoal.cli.output import answer, say
from shoal.cli.words import take

app = typer.Typer(help="Run things; look at jobs, cancel them, run them again.", no_args_is_help=True)
States = Annotated[list[str] | None, typer.Option("--state", help="Only this state; repeatable.")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="Only this kind; repeatable.")]
Name = Annotated[str | None, typer.Option("--name", help="Only jobs of this name.")]
Children = Annotated[int | None, typer.Option("--children", metavar="ID", help="The parts of this job.")]
Parts = Annotated[bool, typer.Option("--parts", help="Also the elements of arrays, and steps.")]
Wanted = Annotated[
    str | None, typer.Option("--where", metavar="JSON", help='A filter, like {"sample.site": {"$gte": 4}}.')
]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on until the job has ended.")]
Stream = Annotated[str, typer.Option("--stream", metavar="all|out|err|shoal", help="Whose words.")]
Search = Annotated[str | None, typer.Option("--search", metavar="TEXT", help="Only lines that hold it.")]
Attempt = Annotated[int | None, typer.Option("--attempt", metavar="N", help="That of this number.")]
job_run.register(app)
app.add_typer(job_schedule.app, name="schedule")


@app.command("list")
@located
def list_jobs(
    where: Where,
    state: States = None,
    kind: Kinds = None,
    name: Name = None,
    children: Children = None,
    parts: Parts = False,
    wanted: Wanted = None,
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """List jobs, the newest first.

    `--children` lists the elements of an array, or steps, in their order.
    """
    with connected(where) as client:
        if children is not None:
            found = client.jobs.get(children).children(state=state)
        else:
            found = client.jobs.find(state=state, kind=kind, name=name, whole=not parts, where=wanted)
        listed = [job.facts for job in take(found, limit)]
    empty = "No jobs yet. Run one: shoal job run -- echo hello"
    shown = job_view.lines(listed) if listed else empty
    answer(listed, output, text=shown, quiet="\n".join(str(job["id"]) for job in listed))


@app.command()
@located
def show(where: Where, job: Id, output: Output = Format.TABLE) -> None:
    """Show a job: how it ended, what was tried, what it left.

    Also what makes it reproducible.
    """
    with connected(where) as client:
        found = client.jobs.get(job)
        facts = found.facts | {"attempts": found.attempts(), "artifacts": found.artifacts()}
    answer(facts, output, text=job_view.page(facts), quiet=facts["state"])


@app.command()
@located
def logs(
    where: Where,
    job: Id,
    follow: Follow = False,
    stream: Stream = "all",
    search: Search = None,
    attempt: Attempt = None,
) -> None:
    """Print what a job wrote: the newest attempt's log.

    With `-f` everything until its end.
    """
    with connected(where, work=follow) as client:
        found = client.jobs.get(job)
        fence = None if attempt is None else _fence(found.attempts(), attempt)
        if follow:
            follow_job(found, stream=stream)
        else:
            typer.echo(found.log(fence, stream=stream, search=search), nl=False)


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
def cancel(where: Where, jobs: Ids) -> None:
    """Stop jobs and their children."""
    with connected(where) as client:
        for job in jobs:
            say(f"Job {job} is {client.jobs.get(job).cancel().state}.")


@app.command()
@located
def rerun(where: Where, jobs: Ids) -> None:
    """Run jobs again; their old results stay. Of steps and arrays only what did not succeed."""
    failed = False
    with connected(where, work=True) as client:
        again = [client.jobs.get(job).rerun() for job in jobs]
        for job in again:
            state = job.wait().state
            failed = failed or state != "succeeded"
            say(f"Job {job.id} {state}.")
    if failed:
        raise typer.Exit(1)


@app.command()
@located
def rm(where: Where, jobs: Ids) -> None:
    """Forget drafts and ended jobs, with their children and logs."""
    with connected(where) as client:
        done = client.jobs.remove(jobs)
    for job in done["left"]:
        say(f"Job {job} has not ended: it is kept.")
    if done["left"]:
        raise typer.Exit(1)


def _fence(attempts: list[dict[str, Any]], number: int) -> int:
    """Return the attempt of a number, the newest of several generations."""
    return next((int(one["fence"]) for one in reversed(attempts) if one["number"] == number), number)
