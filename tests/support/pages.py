"""The fenced examples of a page, taken out and run as a reader would."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shoal.base.settings import load_settings
from tests.support.command import ROOT, environment

FENCE = re.compile(r"^```(\w*)$")
NOT_RUN = re.compile(r"^<!-- not run: (.+) -->$")
RUN = ("bash", "console", "python", "toml")
ADDRESS = "127.0.0.1:8002"
MASKS = (
    (re.compile(r"\breq_[0-9a-f]+"), "REQUEST"),
    (re.compile(r"\b[0-9a-z]{12}\b"), "ID"),
    (re.compile(r"\b\d+(\.\d+)? (s|min|MB|GB)\b"), "AMOUNT"),
    (re.compile(r"\bon \d+ workers?\b"), "on WORKERS"),
)


@dataclass(frozen=True)
class Block:
    """One fenced block: where it stands, what it says, why it is not run, and what it should print."""

    page: str
    line: int
    language: str
    text: str
    reason: str = ""
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass
class Reader:
    """Somebody who types what a page says, in a folder with the shipped example."""

    folder: Path
    home: Path
    address: str
    names: dict[str, Any] = field(default_factory=dict)

    def follow(self, block: Block) -> None:
        """Run a block and compare what it prints with what the page says it prints."""
        run = {"bash": self._bash, "console": self._console, "python": self._python, "toml": self._toml}
        printed = run[block.language](block)
        if block.output is not None:
            assert masked(printed) == masked(block.output), f"{block}\n{printed}"

    def _bash(self, block: Block) -> str:
        done = self._shell(block.text, errors=subprocess.PIPE)
        assert done.returncode == 0, f"{block}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _console(self, block: Block) -> str:
        for command, expected in typed(block.text):
            printed = self._shell(command, errors=subprocess.STDOUT).stdout
            assert masked(printed) == masked(expected), f"{block}: {command}\n{printed}"
        return ""

    def _python(self, block: Block) -> str:
        printed = io.StringIO()
        # Its lines keep their numbers of the page in a traceback.
        code = compile("\n" * block.line + block.text, block.page, "exec")
        with contextlib.redirect_stdout(printed), contextlib.chdir(self.folder):
            exec(code, self.names)
        return printed.getvalue()

    def _toml(self, block: Block) -> str:
        file = self.folder / "shoal.toml"
        file.write_text(block.text, encoding="utf-8")
        load_settings(config=file)
        return ""

    def _shell(self, command: str, *, errors: int) -> subprocess.CompletedProcess[str]:
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", made(command).replace(ADDRESS, self.address)],
            cwd=self.folder,
            env=environment(self.home) | {"PATH": programs},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            timeout=120,
        )


def blocks(path: Path) -> list[Block]:
    """Return the blocks of a page that are for running; a `text` block is what the one before prints."""
    found: list[Block] = []
    for block in _fenced(path):
        if block.language == "text" and found and found[-1].output is None:
            found[-1] = replace(found[-1], output=block.text)
        elif block.language in RUN:
            found.append(block)
    return found


def _fenced(path: Path) -> Iterator[Block]:
    page, lines = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8").splitlines()
    opened: tuple[int, str] | None = None
    for number, line in enumerate(lines, 1):
        if opened is None and (fence := FENCE.match(line)):
            opened = (number, fence[1])
        elif opened is not None and line == "```":
            begin, language = opened
            why = NOT_RUN.match(lines[begin - 2]) if begin > 1 else None
            text = "\n".join(lines[begin : number - 1]) + "\n"
            yield Block(page, begin, language, text, why[1] if why else "")
            opened = None


def typed(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block, and what stands below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def made(command: str) -> str:
    """Return what `make run` does, for it; any other command as it is."""
    if command.strip() != "make run":
        return command
    recipe = re.search(r"^run: .*\n\t@(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    return recipe[1].replace("$(SHOAL)", "shoal")


def masked(text: str) -> str:
    """Return a text without what differs from run to run: ids, times, sizes, the number of workers."""
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
