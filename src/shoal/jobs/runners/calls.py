"""One call in a host: its streams, its end, and what it gave."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from shoal.base.errors import TooLarge
from shoal.jobs.data.mongodb import arrived
from shoal.jobs.logs import in_words
from shoal.jobs.runners import process
from shoal.jobs.runners.hosts import IDLE, Host, HostDied, Hosts
from shoal.jobs.runners.wording import fault_of
from shoal.jobs.sandbox import artifacts, environment, folders, limits
from shoal.jobs.sandbox.launching import Launching
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.sandbox.pumping import Ended, Output, Pump, Stream
from shoal.jobs.scripts import materials
from shoal.jobs.workers import wire
from shoal.jobs.workers.context import Context, Failed

_hosts = Hosts()


def called(
    source: str, code_hash: str, what: Mapping[str, Any], spec: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    """Call what `what` names (a `function` of the source, or `code`) with a job's data and arguments.

    Raises:
        Failed: it failed.
        Cancelled: the job was told to stop.
    """
    with process.launcher(context) as launching:
        host = _hosts.get(launching, source, code_hash, context)
        bounds = limits.wanted(spec, launching.terms)
        launching.wake(host.id, bounds.memory)
        folder = folders.make(host.stage, str(context.job_id), launching.owner)
        try:
            return _Call(launching, host, bounds, spec, context, folder).run(what)
        except HostDied as error:
            _hosts.drop(host)
            context.check()
            raise Failed({"kind": "lost", "type": "HostDied", "message": str(error)}) from error
        finally:
            folders.remove(folder)
            host.tidy()
            launching.rest(host.id, IDLE)


class _Call:
    def __init__(
        self,
        launching: Launching,
        host: Host,
        bounds: Limits,
        spec: Mapping[str, Any],
        context: Context,
        folder: Path,
    ) -> None:
        self._launching = launching
        self._host = host
        self._bounds = bounds
        self._spec = spec
        self._context = context
        self._folder = folder

    def run(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """Call, keep what was made, and return the result."""
        spec, context = self._spec, self._context
        context.check()
        data = arrived(spec.get("data"), context.terms)
        material = materials.prepare(data, context.files, self._folder)
        answer = _Answer()
        ended, last_words = self._pumped(dict(what) | {"material": material.as_json()}, answer)
        process.note(context, ended)
        told = answer.told()
        process.reproducible(
            context, spec, code_hash=self._host.loaded["code_hash"], packages=told.get("packages", {})
        )
        context.check()
        return self._judged(ended, last_words, told.get("result"))

    def _judged(self, ended: Ended, last_words: bytes, result: dict[str, Any] | None) -> dict[str, Any]:
        if result is None:
            fault = fault_of(ended, self._bounds, last_words)
            silent = {"kind": "error", "type": "NoResult", "message": "It ended itself without a result."}
            raise Failed(fault or silent)
        named = result.pop("artifacts", ())
        self._keep(named)
        if (error := result.get("error")) is None:
            return result
        if error["kind"] == "memory" and self._bounds.memory is not None:
            error["message"] = f"It used more than {in_words(self._bounds.memory)} of memory."
        raise Failed(error)

    def _keep(self, named: tuple[str, ...]) -> None:
        size = self._launching.terms.files_size
        bounds = artifacts.Bounds(artifacts.MOST, size)
        for name in named:
            with artifacts.opened(self._folder, name, bounds) as file:
                self._context.artifact_stream(file, name)
        process.keep_artifacts(self._context, self._folder, size)

    def _pumped(self, what: dict[str, Any], answer: _Answer) -> tuple[Ended, bytes]:
        streams = [Stream(process.STDOUT, -1), Stream(process.STDERR, -1), answer]
        pipes = [os.pipe() for _ in streams]
        for stream, (read, _) in zip(streams, pipes, strict=True):
            stream.descriptor = read
        theirs = [write for _, write in pipes]
        output = process.output_of(self._launching, self._spec, self._context)
        pump = _CallPump(self._launching, self._host, streams, output)
        try:
            self._host.call(self._order(what), theirs)
        finally:
            for each in theirs:
                os.close(each)
        return process.pumped(self._launching, pump, self._spec, self._context), streams[1].last

    def _order(self, what: dict[str, Any]) -> dict[str, Any]:
        confinement, told = self._launching.confinement, process.told(self._spec, self._context)
        return what | {
            "args": self._spec.get("args") or [],
            "kwargs": self._spec.get("kwargs") or {},
            "seed": self._spec.get("seed"),
            "folder": str(self._folder),
            "env": environment.made(self._folder, self._spec, told) | self._host.env,
            "limits": asdict(self._bounds),
            "slot": confinement.slot,
            "others": 0 if confinement.has_own_user else confinement.others,
        }


class _Answer(Stream):
    """Read the result of a call."""

    passed_on = False

    def __init__(self) -> None:
        super().__init__("answer", -1)
        self._content = bytearray()

    def take(self, piece: bytes) -> None:
        """Take a piece; what is more than a message may hold is let go."""
        self.size += len(piece)
        if self.size <= wire.LARGEST:
            self._content += piece

    def told(self) -> dict[str, Any]:
        """Return what was told, nothing when it is not whole; raises TooLarge."""
        if self.size > wire.LARGEST:
            raise TooLarge(
                f"The result of {in_words(self.size)} is over the limit of {in_words(wire.LARGEST)}.",
                hint="Write large things into files in out/.",
            )
        try:
            told: dict[str, Any] = orjson.loads(self._content)
        except ValueError:
            return {}
        return told


class _CallPump(Pump):
    """Read what a call writes until its host says that it has ended."""

    def __init__(self, launching: Launching, host: Host, streams: list[Stream], output: Output) -> None:
        super().__init__(launching, host.id, streams, output)
        self._host = host

    def _tellers(self) -> list[int]:
        return [self._launching.fileno(), self._host.fileno()]

    def _hear(self, descriptor: int) -> None:
        if descriptor != self._host.fileno():
            return super()._hear(descriptor)
        try:
            self._told = self._host.hear()[-1]
        except HostDied:
            if self._told is None:  # The launcher says why.
                self._hear_the_end()

    def _hear_the_end(self) -> None:
        while self._told is None:
            super()._hear(self._launching.fileno())
