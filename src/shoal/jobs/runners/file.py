"""The runner `file`: an executable from the list that an admin allows, called as Jobserver calls it."""

from __future__ import annotations

from hashlib import file_digest
from typing import Any

from shoal.base.errors import InvalidInput
from shoal.jobs.executables import allowed
from shoal.jobs.runners import process
from shoal.jobs.runners.templates import filled
from shoal.jobs.workers.context import Context


def run(spec: dict[str, Any], context: Context) -> dict[str, Any]:
    """Run the executable with the path of the data and the arguments; its output is the result.

    What it writes to stderr is no error; an exit code other than 0 is.
    """
    with process.workplace(context) as (launching, folder):
        path = allowed(str(spec["script"]), launching.terms.files)
        spec = filled(spec, spec.get("array_index"))
        data = process.bring_data(spec, context, folder)
        argv = [str(path), *([str(data)] if data is not None else []), *map(_word, spec.get("args") or [])]
        wanted = process.program(launching, folder, argv, spec, context, readable=[str(path)], data=data)
        with path.open("rb") as file:
            process.reproducible(context, spec, code_hash=file_digest(file, "sha256").hexdigest())
        ran = process.ran(launching, wanted, spec, context)
        process.keep_artifacts(context, folder, launching.terms.files_size)
        process.raise_fault(ran, wanted)
        return ran.result


def _word(given: Any) -> str:
    if isinstance(given, (str, int, float)) and not isinstance(given, bool):
        return str(given)
    raise InvalidInput(f"An executable's arguments are texts and numbers, not {given!r:.80}.")
