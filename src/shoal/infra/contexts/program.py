"""The program that makes of an empty machine what a cloud-config says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from shoal.infra.contexts.known import ALL, FAILURES, MODULES, OURS, REFUSED, misspelt
from shoal.infra.contexts.modules.accounts import groups, passwords, users
from shoal.infra.contexts.modules.commands import commands, scripts
from shoal.infra.contexts.modules.disks import disks
from shoal.infra.contexts.modules.files import write_files
from shoal.infra.contexts.modules.host import clock, host_name
from shoal.infra.contexts.modules.packages import packages
from shoal.infra.contexts.modules.sources import sources
from shoal.infra.contexts.modules.ssh import ssh
from shoal.infra.contexts.sheet import Enough, Sheet, Step
from shoal.infra.contexts.shell import quoted

_FILES = ("running", "packages", "accounts", "host", "starting")


def compiled(config: Mapping[str, Any], whole: Mapping[str, str], instance: str | None) -> Sheet:
    """Return the steps of a cloud-config in the order in which cloud-init takes its modules.

    `whole` are scripts that come after them, by name; `instance` is as a Sheet has it.
    """
    sheet = Sheet(instance)
    with suppress(Enough):
        _compile(config, whole, sheet)
    return sheet


def _compile(config: Mapping[str, Any], whole: Mapping[str, str], sheet: Sheet) -> None:
    _know(config, sheet)
    commands("bootcmd", config, sheet)
    write_files(config, sheet, deferred=False)
    disks(config, sheet)
    host_name(config, sheet)
    groups(config, sheet)
    users(config, sheet)
    passwords(config, sheet)
    ssh(config, sheet)
    sources(config, sheet)
    clock(config, sheet)
    packages(config, sheet)
    write_files(config, sheet, deferred=True)
    commands("runcmd", config, sheet)
    scripts(whole, sheet)
    if config.get("final_message"):
        sheet.step("final_message", f"say {quoted(sheet.text(config['final_message'], '/final_message'))}\n")


def failures_of(config: Mapping[str, Any]) -> str:
    """Return what is done when a step fails: one of FAILURES."""
    ours = config.get(OURS)
    asked = ours.get("on_failure") if isinstance(ours, Mapping) else None
    return asked if asked in FAILURES else FAILURES[0]


def _know(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Say which modules would not be done."""
    for name in islice(config, MODULES):
        if name in REFUSED:
            sheet.wrong(f"/{name}", f"the module `{name}` is not supported here", REFUSED[name])
        elif name not in ALL:
            near = misspelt(name)
            advice = f"did you mean `{near}`?" if near else "leave it out, or do it in `runcmd`"
            sheet.wrong(f"/{name}", f"there is no module `{name}`", advice)
    ours = sheet.mapping(config.get(OURS), f"/{OURS}")
    if ours and failures_of(config) != ours.get("on_failure"):
        advice = f"write `{OURS}: {{on_failure: {' | '.join(FAILURES)}}}`"
        sheet.wrong(f"/{OURS}", f"`{OURS}` says how failing steps are taken, and nothing else", advice)


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
    return f"#!/bin/sh\n{settings}{_functions()}{text}finished\n"


@cache
def _functions() -> str:
    folder = files("shoal.infra.contexts.shell_functions")
    return "".join(folder.joinpath(f"{name}.sh").read_text(encoding="utf-8") for name in _FILES)
