"""The runner `command`: a program and its arguments, without a shell."""

from __future__ import annotations

from typing import Any

from shoal.base.errors import Forbidden
from shoal.jobs.runners import process
from shoal.jobs.runners.templates import filled
from shoal.jobs.workers.context import Context


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run `spec["cmd"]` and return its exit code and the beginning of its output."""
    with process.workplace(context) as (launching, folder):
        if not launching.terms.commands:
            raise Forbidden("Commands may not be run here.", hint="An admin can set execution.commands.")
        spec = filled(spec, spec.get("array_index"))
        data = process.bring_data(spec, context, folder)
        process.reproducible(context, spec)
        wanted = process.program(launching, folder, spec["cmd"], spec, context, data=data)
        ran = process.ran(launching, wanted, spec, context)
        process.keep_artifacts(context, folder, launching.terms.files_size)
        process.raise_fault(ran, wanted)
        return ran.result
