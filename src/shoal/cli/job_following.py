"""Watching a job until it ends: its output as it comes, Ctrl-C asked about once."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from shoal.base.errors import ShoalError
from shoal.cli.interruption import interruption
from shoal.cli.output import say

if TYPE_CHECKING:
    from shoal.client.job import Job

STOPPED = 130


def follow(job: Job, *, stream: str = "all", all_aside: bool = False, owns: bool = False) -> Job:
    """Print what a job writes until it has ended: its stdout here as stdout, everything else as stderr.

    Ctrl-C asks once whether the job shall be cancelled; without a terminal, or pressed again, it is.

    Args:
        job: what is watched.
        stream: whose words: out, err, shoal or all.
        all_aside: leave standard output free.
        owns: Ctrl-C is about the job, and not only about the watching.
    """
    seen = (0, 0)
    while True:
        try:
            with interruption():
                for part in job.follow(stream=stream, attempt=seen[0] or None):
                    if (part.attempt, part.offset) >= seen:
                        _print(part.stream, part.content, aside=all_aside)
                        seen = (part.attempt, part.offset + len(part.content))
                return job.wait()
        except KeyboardInterrupt:
            if not owns:
                raise
            if _shall_end(job):
                raise typer.Exit(_stop(job)) from None


def _print(stream: str, content: bytes, *, aside: bool) -> None:
    target = sys.stdout if stream == "out" and not aside else sys.stderr
    target.buffer.write(content)
    target.buffer.flush()


def _shall_end(job: Job) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    try:
        with interruption():
            return typer.confirm(f"\nCancel job {job.id}? (Ctrl-C again: yes)", err=True)
    except (KeyboardInterrupt, typer.Abort):
        return True


def _stop(job: Job) -> int:
    with suppress(ShoalError):
        say(f"Job {job.id} is {job.cancel().wait(timeout=60).state}.")
    return STOPPED
