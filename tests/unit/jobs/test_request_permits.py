"""Who may run what: the right to execute, the admins' right to run text, and what the settings allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shoal.access import Actor
from shoal.base.errors import Forbidden
from shoal.base.settings import Execution, Settings
from shoal.jobs.executables import allowed
from shoal.jobs.requests.permitting import allow
from shoal.jobs.requests.request import read

ADMIN = Actor("root", admin=True)
ANA = Actor("ana", executes=True)
BEN = Actor("ben")
NODE = Actor("node", node=True)
COMMAND = {"runner": "command", "cmd": ["true"]}
TEXT = {"runner": "eval", "code": "1"}


def may(actor: Actor, body: dict[str, Any], **execution: Any) -> bool:
    try:
        allow(actor, read(body), Settings(execution=Execution(**execution)))
    except Forbidden:
        return False
    return True


def test_running_programs_is_a_right() -> None:
    assert may(ADMIN, COMMAND)
    assert may(ANA, COMMAND)
    assert not may(BEN, COMMAND)
    assert not may(NODE, COMMAND)


@pytest.mark.parametrize("wrapped", [False, True])
def test_text_is_run_for_admins_where_the_settings_say_so(wrapped: bool) -> None:
    body = {"steps": [COMMAND, TEXT]} if wrapped else TEXT
    assert not may(ADMIN, body)
    assert may(ADMIN, body, eval=True)
    assert not may(ANA, body, eval=True)


def test_commands_can_be_switched_off() -> None:
    batch = {"runner": "batch", "cmd": ["true"], "start": 1, "stop": 2}
    assert not may(ADMIN, COMMAND, commands=False)
    assert not may(ADMIN, batch, commands=False)
    assert may(ANA, {"runner": "function", "script": "summary"}, commands=False)


def test_only_executables_that_are_listed_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "tool").write_text("#!/bin/sh\n")
    (folder / "tool").chmod(0o755)
    (folder / "notes").write_text("no program")
    (tmp_path / "other").write_text("#!/bin/sh\n")
    (tmp_path / "other").chmod(0o755)
    assert allowed("tool", [folder]) == folder / "tool"
    assert allowed("tool", [folder / "tool"]) == folder / "tool"
    for name in ("notes", "other", "../other", str(tmp_path / "other"), "", ".", "..", "tool/../../other"):
        with pytest.raises(Forbidden):
            allowed(name, [folder])
