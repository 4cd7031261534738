"""The runner `batch`: one command for each number from `start` to `stop`, thousands of them in one job."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from shoal.base.errors import Forbidden, InvalidInput
from shoal.jobs.runners import items, process
from shoal.jobs.sandbox import folders
from shoal.jobs.sandbox.pumping import Stream
from shoal.jobs.workers.context import Context, Failed

RECORDS = "items.jsonl"
_OVERLAP = 2  # Half of an item's time is that of starting it.


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run every item and return how many there were and how many failed; `items.jsonl` tells of each."""
    total = count(spec)
    with process.workplace(context) as (launching, folder):
        if not launching.terms.commands:
            raise Forbidden("Commands may not be run here.", hint="An admin can set execution.commands.")
        data = process.bring_data(spec, context, folder)
        process.reproducible(context, spec)
        argv = [sys.executable, "-I", "-S", items.__file__]
        wanted = process.program(launching, folder, argv, {**spec, "env": {}}, context, data=data)
        reports = Reports(lambda done: context.progress(done, total, "items"))
        try:
            with process.planned(_plan(spec, folder)) as plan:
                ran = process.ran(launching, wanted, spec, context, [plan], [reports])
        finally:
            process.keep_artifacts(context, folder, launching.terms.files_size)
        process.raise_fault(ran, wanted)
    return _judged(reports, ran)


def count(spec: Mapping[str, Any]) -> int:
    """Return how many items a batch has.

    Raises:
        InvalidInput: its numbers cannot be counted through.
    """
    try:
        start, stop, step = (Decimal(str(spec[name])) for name in ("start", "stop", "step"))
        n = int((stop - start) / step) + 1 if step > 0 else 0
    except (KeyError, InvalidOperation, OverflowError, ValueError) as error:
        raise InvalidInput("A batch needs numbers: start, stop and step.") from error
    if n < 1 or stop < start:
        raise InvalidInput("This batch has no items.", hint="stop is the last number, step is more than 0.")
    return n


class Reports(Stream):
    """Read how far a batch is."""

    passed_on = False

    def __init__(self, progress: Callable[[int], None]) -> None:
        super().__init__("reports", -1)
        self._progress = progress
        self._rest = b""
        self.told: dict[str, Any] = {"done": 0, "failed": 0, "first": [], "last": False}

    def take(self, piece: bytes) -> None:
        """Take note of the newest report."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if lines:
            self.told = json.loads(lines[-1])
            self._progress(self.told["done"])


def _plan(spec: Mapping[str, Any], folder: Path) -> bytes:
    plan = {
        "cmd": spec["cmd"],
        "env": {name: str(value) for name, value in (spec.get("env") or {}).items()},
        "start": spec["start"],
        "stop": spec["stop"],
        "step": spec.get("step", 1),
        "fail_fast": bool(spec.get("fail_fast")),
        "parallel": _side_by_side(spec),
        "records": str(folder / folders.OUT / RECORDS),
    }
    return json.dumps(plan).encode()


def _side_by_side(spec: Mapping[str, Any]) -> int:
    """Return how many items may run at once: as many as it has cores; else the next begins while one runs."""
    if (cores := (spec.get("limits") or {}).get("cores")) is not None:
        return int(cores)
    return 1 if spec.get("fail_fast") else _OVERLAP


def _judged(reports: Reports, ran: process.Ran) -> dict[str, Any]:
    told = reports.told
    result = {"items": told["done"], "failed": told["failed"], "stdout": ran.out.text}
    if told["failed"]:
        number, status = told["first"]
        message = f"{told['failed']} of {told['done']} items failed, first {number} with exit code {status}."
        raise Failed({"kind": "exit", "type": "ItemsFailed", "message": message, "exit_code": status}, result)
    return result
