"""The runner `container`: a program in an image, by the container engine of the worker's machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import orjson

from shoal.base.errors import NotFound, ShoalError
from shoal.jobs.containers import archives, creation, finding, images, leftovers, reaper
from shoal.jobs.containers.container import Container, End, created
from shoal.jobs.containers.engine import Engine, EngineGone
from shoal.jobs.containers.frames import demultiplexed
from shoal.jobs.data.mongodb import arrived
from shoal.jobs.runners.process import STDERR, STDOUT, Ran
from shoal.jobs.runners.templates import filled
from shoal.jobs.runners.wording import fault_of
from shoal.jobs.sandbox import artifacts, limits
from shoal.jobs.sandbox.pumping import Ended, Output, Stream
from shoal.jobs.sandbox.terms import Terms, read
from shoal.jobs.scripts import materials
from shoal.jobs.workers.context import Context, Failed

GRACE = 10.0  # seconds between SIGTERM and SIGKILL when a spec says nothing, as `docker stop` has it


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run a container to its end and return its exit code and the beginning of its output."""
    spec, terms = filled(spec, spec.get("array_index")), read(context.terms)
    try:
        engine = finding.find(context.terms.get(finding.ENGINE))
        with _created(engine, spec, terms, context) as container:
            _bring(container, spec, terms, context)
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
        creation.PROCESS: leftovers.process_label(),
    }
    reaper.watch(engine)
    leftovers.remove_before(engine, labels)
    image = images.ready(engine, spec["image"], spec.get("pull") or "missing", context)
    context.facts["reproduce"] = {
        "image": spec["image"],
        "digest": image.digest or image.id,
        "inputs": _inputs(spec),
        "seed": spec.get("seed"),
    }
    body = creation.document(_told(spec, context), labels, terms.processes)
    context.check()
    with created(engine, body, spec.get("container_name") or "", attempt, context.log) as container:
        context.facts["container"] = container.id
        yield container


def _told(spec: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return a spec whose environment also tells which attempt this is."""
    facts = {
        "SHOAL_JOB": context.job_id,
        "SHOAL_ATTEMPT": context.attempt,
        "SHOAL_ARRAY_INDEX": spec.get("array_index"),
        "SHOAL_SEED": spec.get("seed"),
    }
    own = {name: str(value) for name, value in facts.items() if value is not None}
    return {**spec, "env": (spec.get("env") or {}) | own}


def _inputs(spec: Mapping[str, Any]) -> dict[str, str]:
    data = spec.get("data") or {}
    return {str(data.get("name") or "data"): data["sha256"]} if "sha256" in data else {}


def _bring(container: Container, spec: Mapping[str, Any], terms: Terms, context: Context) -> None:
    """Copy the job's data to /shoal/in: a value as data.json, a file under its own name."""
    if not (data := arrived(spec.get("data"), context.terms)):
        return
    with tempfile.TemporaryDirectory(prefix="container-", dir=_nest(terms)) as folder:
        material = materials.prepare(data, context.files, Path(folder))
        if material.value is not None:
            (Path(folder) / "data.json").write_bytes(orjson.dumps(material.value))
        container.put(archives.packed(Path(folder)))


def _nest(terms: Terms) -> Path:
    nest = Path(terms.nest)
    nest.mkdir(mode=0o711, parents=True, exist_ok=True)
    return nest


def _watched(container: Container, spec: Mapping[str, Any], terms: Terms, context: Context) -> Ran:
    """Start a container, pass on what it writes, and wait for its end."""
    streams = {name: Stream(name, -1) for name in (STDOUT, STDERR)}
    limit = limits.output_of(spec, terms)
    said = f"Log cut at {limit / (1 << 20):.4g} MB. The job went on."
    output = Output(context.output, limit, lambda: context.log(said))
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
