"""The runner `container`: a program in an image, by the container engine of the worker's machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from shoal.base.errors import NotFound, ShoalError
from shoal.base.process import process_label
from shoal.jobs import logs
from shoal.jobs.containers import archives, creation, finding, images, leftovers, reaper
from shoal.jobs.containers.container import Container, End, created
from shoal.jobs.containers.engine import Engine, EngineGone
from shoal.jobs.containers.frames import demultiplexed
from shoal.jobs.runners import process
from shoal.jobs.runners.process import STDERR, STDOUT, Ran
from shoal.jobs.runners.templates import filled
from shoal.jobs.runners.wording import fault_of
from shoal.jobs.sandbox import artifacts, folders, limits
from shoal.jobs.sandbox.pumping import Ended, Output, Stream
from shoal.jobs.sandbox.terms import Terms, read
from shoal.jobs.workers.context import Context, Failed

GRACE = 10.0  # seconds between SIGTERM and SIGKILL when a spec says nothing, as `docker stop` has it


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run a container to its end and return its exit code and the beginning of its output."""
    spec, terms = filled(spec, spec.get("array_index")), read(context.terms)
    try:
        engine = finding.find(context.terms.get(finding.ENGINE))
        with _folder(terms, context) as folder:
            data = process.bring_data(spec, context, folder)
            with _created(engine, _told(spec, context, data), terms, context) as container:
                if data is not None:
                    container.put(archives.packed(folder))
                ran = _watched(container, spec, terms, context)
                _fetch(container, terms, context)
    except EngineGone as gone:
        raise _lost(gone) from gone
    if (fault := fault_of(ran.ended, limits.wanted(spec, terms), ran.err.last)) is not None:
        raise Failed(fault, ran.result)
    return ran.result


def _lost(gone: EngineGone) -> Failed:
    """Return the failure of an attempt whose engine went away: lost with it, as with a worker that dies."""
    facts = {"message": gone.message, "hint": gone.hint, "code": gone.error_code}
    return Failed({"kind": "lost", "type": "EngineGone", **facts})


@contextmanager
def _created(engine: Engine, spec: dict[str, Any], terms: Terms, context: Context) -> Iterator[Container]:
    attempt = f"{context.job_id}-{context.generation}-{context.attempt}"
    labels = {
        creation.JOB: str(context.job_id),
        creation.ATTEMPT: attempt,
        creation.HOME: leftovers.home_label(terms.nest),
        creation.PROCESS: process_label(),
    }
    reaper.watch(engine)
    leftovers.remove_before(engine, labels)
    image = images.ready(engine, spec["image"], spec.get("pull") or "missing", context)
    process.reproducible(context, spec, image=spec["image"], digest=image.digest or image.id)
    body = creation.document(spec, labels, terms.processes)
    context.check()
    with created(engine, body, spec.get("container_name") or "", attempt, context.log) as container:
        context.facts["container"] = container.id
        yield container


@contextmanager
def _folder(terms: Terms, context: Context) -> Iterator[Path]:
    folder = folders.make_readable(folders.open_nest(Path(terms.nest)), str(context.job_id))
    try:
        yield folder
    finally:
        folders.remove(folder)


def _told(spec: Mapping[str, Any], context: Context, data: Path | None) -> dict[str, Any]:
    """Return a spec whose environment also tells which attempt this is, and where its data is."""
    facts = process.told(spec, context) | {"data": data and f"/{archives.IN}/{data.name}"}
    own = {f"SHOAL_{name.upper()}": str(value) for name, value in facts.items() if value is not None}
    return {**spec, "env": (spec.get("env") or {}) | own}


def _watched(container: Container, spec: Mapping[str, Any], terms: Terms, context: Context) -> Ran:
    """Start a container, pass on what it writes, and wait for its end."""
    streams = {name: Stream(name, -1) for name in (STDOUT, STDERR)}
    limit = limits.output_of(spec, terms)
    output = Output(context.output, limit, lambda: context.log(logs.cut_at(limit)))
    grace = float(spec.get("kill_grace", GRACE))
    with container.output() as frames:
        context.check()
        container.start()
        context.when_stopped(lambda _: Thread(target=_stop, args=(container, grace), daemon=True).start())
        try:
            for name, piece in demultiplexed(frames.read1):
                output.take(streams[name], piece)
            output.flush()
            end = container.wait()
        finally:
            context.when_stopped(None)
    context.exit_code = end.exit_code
    context.check()
    return Ran(_ended(end), streams[STDOUT], streams[STDERR])


def _stop(container: Container, grace: float) -> None:
    with suppress(ShoalError):
        container.stop(grace)


def _ended(end: End) -> Ended:
    return Ended(end.exit_code, 0.0, 0, "memory" if end.out_of_memory else "")


def _fetch(container: Container, terms: Terms, context: Context) -> None:
    """Store what the program left in /shoal/out; raises InvalidInput, StorageFull."""
    bounds = artifacts.Bounds(artifacts.MOST, terms.files_size)
    with suppress(NotFound), container.archive(f"/{archives.OUT}") as archive:
        for name, file in archives.members(archive, bounds):
            context.artifact_stream(file, name)
