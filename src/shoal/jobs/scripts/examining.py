"""Having a source described in the sandbox: `python -m shoal.jobs.scripts.examining TERMS SOURCE`.

This process is ours and starts the launcher; the user's code runs in a program of that launcher, as it does
when it is called. Standard output is what `describing` writes, with the places that we know.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

from shoal.base.errors import ShoalError
from shoal.jobs.sandbox import environment, folders, places
from shoal.jobs.sandbox.confinement import Program
from shoal.jobs.sandbox.launching import Launching
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.sandbox.terms import Terms, read
from shoal.jobs.scripts.describing import CPU_SECONDS
from shoal.jobs.scripts.materials import carry_code
from shoal.jobs.scripts.source import read_source

_START = (
    "import json, sys; sys.path[:], sys.prefix, sys.exec_prefix = json.loads(sys.argv.pop()); "
    "from shoal.jobs.scripts.describing import main; main(sys.argv[1:])"
)


def main(arguments: Sequence[str]) -> int:
    """Describe a source under terms; returns the exit code of the program that read it."""
    source = arguments[1]
    with ExitStack() as opened:
        nest = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="shoal-examining-"))).resolve()
        terms = replace(read(json.loads(arguments[0])), nest=str(nest))
        out: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
        launching = Launching(terms)
        opened.callback(launching.close)
        code = folders.make_readable(nest, "code")
        carried = carry_code(source, code)
        folders.hand_over(code, None)
        ended = _ran(launching, _program(launching, terms, carried, code), out)
        out.seek(0)
        sys.stdout.buffer.write(_with_real_places(out.read(), source, carried))
        sys.stdout.flush()
    return ended


def _program(launching: Launching, terms: Terms, source: str, code: Path) -> Program:
    folder = folders.make(launching.nest, "reading", launching.owner)
    ours = json.dumps([[path for path in sys.path if path != ""], sys.prefix, sys.exec_prefix])
    return Program(
        [sys.executable, "-P", "-s", "-S", "-c", _START, source, ours],
        environment.made(folder, {}, {}) | {"PYTHONDONTWRITEBYTECODE": "1"},
        str(folder),
        str(folder),
        Limits(terms.memory, CPU_SECONDS, terms.processes, terms.files_size),
        [*places.readable((), [*terms.hidden, terms.nest]), str(code)],
    )


def _ran(launching: Launching, program: Program, out: IO[bytes]) -> int:
    nothing = os.open(os.devnull, os.O_RDONLY)
    id_ = launching.start(program, [nothing, out.fileno(), 2])
    while True:
        for told in launching.hear():
            if told.get("ended") == id_:
                return int(told["code"])


def _with_real_places(content: bytes, source: str, carried: str) -> bytes:
    path = read_source(source).path
    if path is None:
        return content
    real, place = json.dumps(str(path))[1:-1], json.dumps(carried)[1:-1]
    return content.replace(place.encode(), real.encode())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ShoalError as error:
        sys.exit(str(error))
