"""`shoal job run` and `submit`: hand something in, and wait for it or not."""

from __future__ import annotations

from typing import Any

import typer

from shoal.cli.connection import Where, connected
from shoal.cli.job_following import follow
from shoal.cli.job_options import Words, asked, with_words
from shoal.cli.located import located
from shoal.cli.options import Format, Output
from shoal.cli.output import answer, print_json, say

# What follows the first word of a program is the program's, and none of our options.
_AS_IS = {"allow_interspersed_args": False}


@located
@asked
def run(where: Where, request: dict[str, Any], words: Words = None, output: Output = Format.TABLE) -> None:
    """Run a program, function or container; exit code 1: it failed.

    Its output comes as it is written; a function's value at the end. Ctrl-C asks once, then cancels the job.
    """
    request = with_words(request, words)
    with connected(where, work=True) as client:
        job = client.jobs.submit(request)
        say(f"Job {job.id}.")
        job = follow(job, all_aside=output is Format.JSON, owns=True)
        tell(job.facts, output)
    if job.state != "succeeded":
        raise typer.Exit(1)


@located
@asked
def submit(where: Where, request: dict[str, Any], words: Words = None, output: Output = Format.TABLE) -> None:
    """Hand a job in and return.

    A server runs it, or the next command that works in the home.
    """
    request = with_words(request, words)
    with connected(where) as client:
        job = client.jobs.submit(request)
    told = f"Job {job.id} is {job.state}. shoal job logs -f {job.id}"
    answer(job.facts, output, text=told, quiet=str(job.id))


def tell(facts: dict[str, Any], output: Format) -> None:
    """Say how a job ended; the value of a function is the answer."""
    result = facts["result"]
    if output is Format.JSON:
        print_json(facts)
    elif facts["kind"] in ("function", "eval") and isinstance(result, dict) and output is Format.TABLE:
        print_json(result.get("value"))
    if facts["state"] != "succeeded":
        error = facts["error"] or {}
        say(f"Job {facts['id']} {facts['state']}: {error.get('message', 'no reason is known.')}")


def register(app: typer.Typer) -> None:
    """Add the commands to `shoal job`."""
    app.command(context_settings=_AS_IS)(run)
    app.command(context_settings=_AS_IS)(submit)
