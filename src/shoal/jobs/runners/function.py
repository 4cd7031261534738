"""The runner `function`: a function of a package, called in a process of its own."""

from __future__ import annotations

from typing import Any

from shoal.jobs.runners import calls
from shoal.jobs.runners.templates import filled
from shoal.jobs.workers.context import Context


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Call `spec["function"]` of `spec["source"]` with the job's data and arguments; returns its result."""
    spec = filled(spec, spec.get("array_index"))
    what = {"function": spec["function"]}
    return calls.called(spec["source"], spec.get("code_hash") or "", what, spec, context)
