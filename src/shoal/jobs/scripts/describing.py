"""Describing a source, in a process of its own: `python -m shoal.jobs.scripts.describing SOURCE`.

Standard output is one JSON object; what the user's code prints goes to standard error.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import orjson

from shoal.jobs.scripts.docstrings import read_docstring
from shoal.jobs.scripts.form import form_of
from shoal.jobs.scripts.loading import Function, Loaded, load
from shoal.jobs.scripts.schema import schema_of
from shoal.jobs.scripts.script import Script
from shoal.jobs.scripts.signature import data_parameter, parameters_of

CPU_SECONDS = 60
MEMORY = 8 << 30


def describe(source: str) -> dict[str, Any]:
    """Return a source's scripts, its errors, and the files and folders of its code (`roots`)."""
    loaded = load(source)
    code, errors = loaded.code_hash, list(loaded.errors)
    scripts: list[dict[str, Any]] = []
    for module, name, function in loaded.functions:
        try:
            scripts.append(_script(loaded, module, name, function, code).as_json())
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            errors.append({"module": f"{module}.{name}", "message": message, "traceback": ""})
    roots = [str(root) for root in loaded.roots]
    return {"scripts": scripts, "errors": errors, "roots": roots, "code_hash": code}


def _script(loaded: Loaded, module: str, name: str, function: Function, code: str) -> Script:
    said = read_docstring(function)
    parameters = parameters_of(function)
    data = data_parameter(parameters)
    schema = schema_of(name, said.summary, parameters, data)
    return Script(
        name=name,
        source=loaded.source.text,
        module=module,
        function=name,
        summary=said.summary,
        doc=said.text,
        parameters=[one.as_json() for one in parameters],
        schema=schema,
        form=form_of(parameters, data, schema),
        data_parameter=data.name if data else None,
        code_hash=code,
        version=loaded.version,
    )


def main(arguments: Sequence[str]) -> NoReturn:
    """Describe the source that is named, within limits, and end the process."""
    answer = os.dup(1)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = orjson.dumps(describe(arguments[0]), option=orjson.OPT_NON_STR_KEYS)
    with os.fdopen(answer, "wb") as file:
        file.write(content)
    sys.stdout.flush()
    # Threads that the user's code has left must not keep the answer waiting.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
