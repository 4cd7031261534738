"""Filling in templates, in a process of its own: `python -m shoal.infra.templating.child [commands]`.

It reads and writes JSON, a value a line. For each text that it was sent it answers with the text filled in or
with a fault, and may ask for secrets meanwhile. The kernel bounds what it takes and what it reaches; when it
takes too much, it dies, and its parent starts another.
"""

from __future__ import annotations

import os
import resource
import sys
from functools import cache, lru_cache
from typing import Any, BinaryIO

import orjson

from shoal.infra.confining import keep_to
from shoal.infra.templating.environment import Language, fill, native
from shoal.infra.templating.explaining import explained
from shoal.infra.templating.functions import Functions, WrongCall
from shoal.infra.templating.leaves import leaves

COMMANDS = "commands"
CPU_SECONDS = 2
MEMORY = 768 << 20
_KEPT = 64  # compiled templates; those of an instance are often those of the one before it
LONGEST, LARGEST = 4 << 20, 16 << 20  # bytes of one text, and of all that are filled in together


class Child:
    """Serve one parent over two pipes."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._language = cache(Language)
        self._room = LARGEST
        self._compiled = lru_cache(_KEPT)(lambda newline, text: self._language(newline).from_string(text))

    def serve(self) -> None:
        """Answer until the parent is gone."""
        while line := self._requests.readline():
            order = orjson.loads(line)
            functions = Functions(order["nodes"], cache(self._ask), COMMANDS in sys.argv[1:])
            names = {**order["names"], **functions.all()}
            self._room = LARGEST
            for text in order["texts"]:
                functions.saw.clear()
                self._say({**self._filled(text, names, order["native"]), "saw": functions.saw})

    def _filled(self, text: str, names: dict[str, Any], values: bool) -> dict[str, Any]:
        _allow(CPU_SECONDS)
        try:
            filled = native(self._language("\n"), text, names) if values else None
            if filled is None:
                filled = fill(self._compiled, text, names)
            self._check(filled)
        except Exception as error:
            return {"fault": explained(error, text, names)}
        return {"value": filled}

    def _check(self, filled: Any) -> None:
        """Pass when a value can be sent and kept."""
        size = len(orjson.dumps(filled))
        self._room -= size
        if size > LONGEST or self._room < 0:
            what, most = ("it is", LONGEST) if size > LONGEST else ("all texts together are", LARGEST)
            raise WrongCall(f"{what} larger than {most >> 20} MiB, filled in", "let the machine fetch it")
        if any("\0" in text for _, text in leaves(filled)):
            raise WrongCall("it holds a NUL, filled in", "write such bytes in base64")

    def _ask(self, name: str, kind: str, public: bool) -> str:
        self._say({"secret": name, "kind": kind, "public": public})
        answer = orjson.loads(self._requests.readline())
        if "refused" in answer:
            raise WrongCall(*answer["refused"])
        return str(answer["secret"])

    def _say(self, message: dict[str, Any]) -> None:
        self._answers.write(orjson.dumps(message) + b"\n")
        self._answers.flush()


def _allow(seconds: int) -> None:
    """Let this process use some more processor time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = round(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def main() -> None:
    """Serve on standard input and output; whatever else prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.argv[1:] != [COMMANDS]:  # Commands may need what they find on this machine.
        keep_to([])
    Child(sys.stdin.buffer, answers).serve()


if __name__ == "__main__":
    main()
