"""The runner `eval`: Python text that an admin sends along, where the settings allow it."""

from __future__ import annotations

from typing import Any

from shoal.base.errors import Forbidden
from shoal.jobs.runners import calls
from shoal.jobs.sandbox.terms import read
from shoal.jobs.workers.context import Context


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run `spec["code"]` with `data`, `args` and `kwargs`.

    The result is the value of its last line when that is an expression, else what it calls `result`.
    """
    if not read(context.terms).eval:
        raise Forbidden("Python text may not be run here.", hint="An admin can set execution.eval.")
    return calls.called("", "", {"code": spec["code"]}, spec, context)
