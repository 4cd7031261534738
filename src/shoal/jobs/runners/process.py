"""Running one program for a job: in a folder of its own, its output in the log, its files kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EACCES, ENOENT, ENOEXEC, ENOSPC
from pathlib import Path
from typing import Any

from shoal.base.errors import NotFound, ShoalError, StorageFull
from shoal.jobs.runners import launchers
from shoal.jobs.runners.wording import fault_of
from shoal.jobs.sandbox import artifacts, environment, folders, limits, modes, places
from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.launching import LauncherDied, Launching
from shoal.jobs.sandbox.pumping import Ended, Output, Pump, Stream
from shoal.jobs.workers.context import Context, Failed

GRACE = 5.0  # seconds between SIGTERM and SIGKILL when a spec says nothing
STDOUT, STDERR = "o", "e"


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended, with the beginnings of what it wrote."""

    ended: Ended
    out: Stream
    err: Stream

    @property
    def result(self) -> dict[str, Any]:
        """Return the result of a job that is one program."""
        cut = any(len(stream.first) < stream.size for stream in (self.out, self.err))
        code = self.ended.code
        return {"exit_code": code, "stdout": self.out.text, "stderr": self.err.text, "truncated": cut}


@contextmanager
def workplace(context: Context) -> Iterator[tuple[Launching, Path]]:
    """Give this worker's launcher and a folder that is there while the block runs."""
    launching = launchers.mine(context.terms)
    folder = folders.make(launching.nest, str(context.job_id), launching.owner)
    context.facts["sandbox"] = launching.confinement.mode
    if launching.confinement.mode == modes.NONE:
        context.log("No sandbox: this program can read and change all that the server can, its home too.")
    try:
        yield launching, folder
    except LauncherDied as error:
        launchers.forget()
        raise Failed({"kind": "lost", "type": "LauncherDied", "message": str(error)}) from error
    finally:
        folders.remove(folder)


def program(
    launching: Launching,
    folder: Path,
    argv: Sequence[str],
    spec: Mapping[str, Any],
    context: Context,
    readable: Sequence[str] = (),
) -> Program:
    """Return a program with the job's environment and limits.

    Raises:
        NotFound: there is no such program.
        InvalidInput: an environment variable cannot be one.
    """
    facts = {
        "job": context.job_id,
        "attempt": context.attempt,
        "array_index": spec.get("array_index"),
        "seed": spec.get("seed"),
    }
    env = environment.made(folder, spec, facts)
    terms = launching.terms
    return Program(
        [located(argv[0], env), *argv[1:]],
        env,
        str(folder),
        str(folder),
        limits.wanted(spec, terms),
        places.readable(readable, [*terms.hidden, terms.nest]),
    )


def located(name: str, env: Mapping[str, str]) -> str:
    """Return where a program is; raises NotFound."""
    if (found := shutil.which(name, path=env["PATH"])) is None:
        raise NotFound(
            f"There is no program {name!r} here.", hint="Say its path, or install it on the workers."
        )
    return found


def ran(launching: Launching, wanted: Program, spec: Mapping[str, Any], context: Context) -> Ran:
    """Run a program to its end, with its output in the log, and take note of what it used.

    Raises:
        Cancelled: the job was told to stop.
        LauncherDied: the launcher is gone.
        ShoalError: the program could not be started.
    """
    context.check()
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        try:
            id_ = launching.start(wanted, [nothing.fileno(), their_out, their_err])
        except OSError as error:
            _close(out, err)
            raise _not_started(wanted.argv[0], error) from error
        finally:
            _close(their_out, their_err)
    ran = Ran(*_pumped(launching, id_, [Stream(STDOUT, out), Stream(STDERR, err)], spec, context))
    note(context, ran.ended)
    context.check()
    return ran


def note(context: Context, ended: Ended) -> None:
    """Keep what an attempt used, however it ends."""
    context.exit_code = ended.code
    context.peak_memory = ended.peak
    context.facts["cpu_seconds"] = round(ended.cpu, 6)


def raise_fault(ran: Ran, wanted: Program) -> None:
    """Raise `Failed` unless the program ended well."""
    if (fault := fault_of(ran.ended, wanted.limits, ran.err.last)) is not None:
        raise Failed(fault, ran.result)


def keep_artifacts(context: Context, folder: Path, size: int) -> None:
    """Store what the program left in `out/`; raises InvalidInput, StorageFull."""
    bounds = artifacts.Bounds(artifacts.MOST, size)
    for name, file in artifacts.found(folder / folders.OUT, bounds):
        context.artifact_stream(file, name)


def _pumped(
    launching: Launching, id_: int, streams: list[Stream], spec: Mapping[str, Any], context: Context
) -> tuple[Ended, Stream, Stream]:
    limit = limits.output_of(spec, launching.terms)
    said = f"Log cut at {limit / (1 << 20):.4g} MB. The job went on."
    output = Output(context.output, limit, lambda: context.log(said))
    grace = float(spec.get("kill_grace", GRACE))
    context.when_stopped(lambda _: launching.end(id_, grace))
    try:
        return Pump(launching, id_, streams, output).run(), streams[0], streams[1]
    finally:
        context.when_stopped(None)


def _close(*descriptors: int) -> None:
    for each in descriptors:
        os.close(each)


def _not_started(name: str, error: OSError) -> ShoalError:
    if error.errno == ENOSPC:
        return StorageFull("The disk is full: a program could not be started.")
    if error.errno in (EACCES, ENOENT, ENOEXEC):
        return NotFound(
            f"{name} cannot be run: {error.strerror}.", hint="It has to be an executable of this system."
        )
    return ShoalError(f"{name} could not be started: {error.strerror or error}.")
