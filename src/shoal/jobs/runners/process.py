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

import orjson

from shoal.base.errors import NotFound, ShoalError, StorageFull
from shoal.jobs import logs
from shoal.jobs.data.mongodb import arrived
from shoal.jobs.runners import launchers
from shoal.jobs.runners.wording import fault_of
from shoal.jobs.sandbox import artifacts, environment, folders, limits, modes, places
from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.launching import LauncherDied, Launching
from shoal.jobs.sandbox.pumping import Ended, Output, Pump, Stream
from shoal.jobs.scripts import materials
from shoal.jobs.workers.context import Context, Failed

GRACE = 5.0  # seconds between SIGTERM and SIGKILL when a spec says nothing
STDOUT, STDERR = logs.STDOUT, logs.STDERR
DATA = "data.json"
TEXT = "data.txt"


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
    with launcher(context) as launching:
        folder = folders.make(launching.nest, str(context.job_id), launching.owner)
        try:
            yield launching, folder
        finally:
            folders.remove(folder)


@contextmanager
def launcher(context: Context) -> Iterator[Launching]:
    """Give this worker's launcher, and say what confines the attempt; its death is the attempt's loss."""
    launching = launchers.mine(context.terms)
    context.facts["sandbox"] = launching.confinement.mode
    if launching.confinement.mode == modes.NONE:
        context.log("No sandbox: this program can read and change all that the server can, its home too.")
    try:
        yield launching
    except LauncherDied as error:
        launchers.forget()
        raise Failed({"kind": "lost", "type": "LauncherDied", "message": str(error)}) from error


def program(
    launching: Launching,
    folder: Path,
    argv: Sequence[str],
    spec: Mapping[str, Any],
    context: Context,
    *,
    readable: Sequence[str] = (),
    data: Path | None = None,
) -> Program:
    """Return a program with the job's environment and limits; SHOAL_DATA tells it where its data is.

    Raises:
        NotFound: there is no such program.
        InvalidInput: an environment variable cannot be one.
    """
    env = environment.made(folder, spec, told(spec, context) | {"data": data})
    terms = launching.terms
    return Program(
        [located(argv[0], env), *argv[1:]],
        env,
        str(folder),
        str(folder),
        limits.wanted(spec, terms),
        places.readable(readable, [*terms.hidden, terms.nest]),
    )


def told(spec: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return what a program is told of its attempt."""
    return {
        "job": context.job_id,
        "attempt": context.attempt,
        "array_index": spec.get("array_index"),
        "seed": spec.get("seed"),
    }


def located(name: str, env: Mapping[str, str]) -> str:
    """Return where a program is; raises NotFound."""
    if (found := shutil.which(name, path=env["PATH"])) is None:
        raise NotFound(
            f"There is no program {name!r} here.", hint="Say its path, or install it on the workers."
        )
    return found


def ran(
    launching: Launching,
    wanted: Program,
    spec: Mapping[str, Any],
    context: Context,
    inputs: Sequence[int] = (),
    channels: Sequence[Stream] = (),
) -> Ran:
    """Run a program to its end, with its output in the log, and take note of what it used.

    It reads `inputs` at descriptor 3 and up, and writes to `channels` behind them.

    Raises:
        Cancelled: the job was told to stop.
        LauncherDied: the launcher is gone.
        ShoalError: the program could not be started.
    """
    context.check()
    streams = [Stream(STDOUT, -1), Stream(STDERR, -1), *channels]
    id_ = _started(launching, wanted, inputs, streams)
    ended = pumped(
        launching, Pump(launching, id_, streams, output_of(launching, spec, context)), spec, context
    )
    note(context, ended)
    context.check()
    return Ran(ended, streams[0], streams[1])


@contextmanager
def planned(content: bytes) -> Iterator[int]:
    """Give a descriptor from which a program reads bytes."""
    plan = os.memfd_create("plan")
    try:
        os.write(plan, content)
        os.lseek(plan, 0, os.SEEK_SET)
        yield plan
    finally:
        os.close(plan)


def bring_data(spec: Mapping[str, Any], context: Context, folder: Path) -> Path | None:
    """Put the job's data into its folder and return its path, None when there is none.

    What is no file (raw data, a result) becomes `data.json`, a text `data.txt` as it is.
    """
    material = materials.prepare(arrived(spec.get("data"), context.terms), context.files, folder)
    if not material:
        return None
    if material.file:
        return folder / material.file
    if isinstance(material.value, str):
        path = folder / TEXT
        path.write_text(material.value, encoding="utf-8")
    else:
        path = folder / DATA
        path.write_bytes(orjson.dumps(material.value))
    path.chmod(0o644)
    return path


def reproducible(context: Context, spec: Mapping[str, Any], **facts: Any) -> None:
    """Keep what another run needs to do the same."""
    data = spec.get("data") or {}
    inputs = {str(data.get("name") or DATA): data["sha256"]} if data.get("sha256") else {}
    context.facts["reproduce"] = {"inputs": inputs, "seed": spec.get("seed")} | facts


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


def output_of(launching: Launching, spec: Mapping[str, Any], context: Context) -> Output:
    """Return where a job's output goes: into its log, up to the limit."""
    limit = limits.output_of(spec, launching.terms)
    return Output(context.output, limit, lambda: context.log(logs.cut_at(limit)))


def pumped(launching: Launching, pump: Pump, spec: Mapping[str, Any], context: Context) -> Ended:
    """Read what a program writes until it has ended; meanwhile a stop ends it, with the job's grace."""
    grace = float(spec.get("kill_grace", GRACE))
    context.when_stopped(lambda _: launching.end(pump.id, grace))
    try:
        return pump.run()
    finally:
        context.when_stopped(None)


def _started(launching: Launching, wanted: Program, inputs: Sequence[int], streams: Sequence[Stream]) -> int:
    pipes = [os.pipe() for _ in streams]
    ours, theirs = [read for read, _ in pipes], [write for _, write in pipes]
    for stream, read in zip(streams, ours, strict=True):
        stream.descriptor = read
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        try:
            given = [nothing.fileno(), *theirs[:2], *inputs, *theirs[2:]]
            return launching.start(wanted, given)
        except OSError as error:
            _close(*ours)
            raise _not_started(wanted.argv[0], error) from error
        finally:
            _close(*theirs)


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
