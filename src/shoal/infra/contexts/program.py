"""The program that makes of an empty machine what a cloud-config says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from shoal.infra.contexts.known import FAILURES
from shoal.infra.contexts.modules.commands import commands, scripts
from shoal.infra.contexts.modules.files import write_files
from shoal.infra.contexts.modules.packages import packages
from shoal.infra.contexts.sheet import Sheet, Step
from shoal.infra.contexts.shell import quoted


def compiled(config: Mapping[str, Any], whole: Mapping[str, str] | None = None) -> Sheet:
    """Return the steps of a cloud-config in the order in which cloud-init takes its modules.

    `whole` are scripts that come after them, by name.
    """
    sheet = Sheet()
    commands("bootcmd", config, sheet)
    write_files(config, sheet, deferred=False)
    packages(config, sheet)
    write_files(config, sheet, deferred=True)
    commands("runcmd", config, sheet)
    scripts(whole or {}, sheet)
    return sheet


def program(steps: Sequence[Step], instance: str, failures: str = FAILURES[0]) -> str:
    """Return a POSIX shell program that does steps in order, and those that it has done no second time.

    It may be run again after it was cut off. `failures` is `stop` (at the first that fails, with its exit
    code) or `continue`, as cloud-init does.
    """
    bodies = [f"step_{number}() {{\n{step.body}}}\n" for number, step in enumerate(steps, 1)]
    calls = [f"step {number} {quoted(step.name)}\n" for number, step in enumerate(steps, 1)]
    text = "".join(bodies) + "".join(calls)
    mark = f"{instance}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    head = {"instance": instance, "mark": mark, "steps": len(steps), "failures": failures}
    settings = "".join(f"shoal_{name}={quoted(value)}\n" for name, value in head.items())
    return f"#!/bin/sh\n{settings}{_prelude()}{text}finished\n"


@cache
def _prelude() -> str:
    return files("shoal.infra.contexts").joinpath("prelude.sh").read_text(encoding="utf-8")
