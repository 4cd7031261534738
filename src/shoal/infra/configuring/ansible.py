"""Ansible: run a playbook for one machine."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import orjson

from shoal.base.errors import Unavailable
from shoal.base.extras import require
from shoal.infra.configuring import playbook
from shoal.infra.configuring.channel import Run, channel
from shoal.infra.templating.facts import Facts

TIMEOUT = 1800.0
_PLUGINS = Path(__file__).parent / "plugins"
_RECAP = re.compile(r"^\S+\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
_TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(.*)\]", re.MULTILINE)
_RESULT = re.compile(r"^(?:fatal|failed): .*=> (\{.*\})$", re.MULTILINE)
_TROUBLE = ("FAILED!", "UNREACHABLE!", "ERROR")
_SAID = 64 << 10
_SHOWN = 300


class Recap(NamedTuple):
    """What a playbook came to: how many tasks were fine, and how many of these changed something."""

    ok: int
    changed: int


def configure(
    section: Mapping[str, Any],
    facts: Facts,
    run: Run | None,
    tell: Callable[[bytes], None],
    *,
    check: bool = False,
) -> Recap:
    """Run a section's playbook for the machine that the facts are of, and tell what Ansible prints.

    Args:
        section: `playbook` (text or plays), `variables`, `files` (contents by name), `timeout` (seconds).
        facts: what templates may use, as variables; the machine is in the group of its node.
        run: runs a script in the machine; None: it is reached by SSH at its first address, as
            `ansible_user`, with the key in the variable `ansible_ssh_private_key`.
        tell: is told the output.
        check: only look what would change (`Recap.changed`), and change nothing.

    Raises:
        MissingExtra: Ansible is not installed.
        BadDescription: the section cannot be used.
        Unavailable: a task failed, the machine cannot be reached, or it took too long.
    """
    require("ansible", "ansible")
    timeout = float(section.get("timeout") or TIMEOUT)
    with tempfile.TemporaryDirectory(prefix="shoal-ansible-") as name, ExitStack() as stack:
        folder = Path(name)
        host = playbook.write(folder, section, facts, reached=run is not None)
        if run is not None:
            stack.enter_context(channel(folder / playbook.SOCKET, run, timeout))
        said = _Said(tell)
        code = _run(folder, ["--limit", host, *(["--check", "--diff"] if check else [])], said, timeout)
    found = _RECAP.findall(said.text())
    if code or not found:
        raise Unavailable(_reason(said.text(), code, timeout), hint="The machine's log has all of it.")
    return Recap(*(sum(int(line[place]) for line in found) for place in (0, 1)))


class _Said:
    """Tell output on, and keep its end."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._kept = bytearray()

    def __call__(self, piece: bytes) -> None:
        self._tell(piece)
        self._kept.extend(piece)
        del self._kept[:-_SAID]

    def text(self) -> str:
        return self._kept.decode(errors="replace")


def _run(folder: Path, options: list[str], said: Callable[[bytes], None], timeout: float) -> int | None:
    """Run Ansible in a folder; its exit code, None when it took too long."""
    ansible = [sys.executable, "-m", "ansible", "playbook", *options]
    confined = [sys.executable, "-m", "shoal.infra.configuring.confined", str(os.getpid()), str(folder)]
    process = subprocess.Popen(
        [*confined, *ansible, f"--inventory={playbook.INVENTORY}", playbook.PLAYBOOK],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return _followed(process, said, monotonic() + timeout)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _followed(process: subprocess.Popen[bytes], said: Callable[[bytes], None], end: float) -> int | None:
    if process.stdout is None:
        return None
    descriptor = process.stdout.fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while selector.select(max(0.0, end - monotonic())):
            if not (piece := os.read(descriptor, 1 << 16)):
                return process.wait()
            said(piece)
    return None


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "TZ") if name in os.environ}
    ours = {
        "ANSIBLE_CONNECTION_PLUGINS": str(_PLUGINS),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "ANSIBLE_LOCAL_TEMP": str(folder / ".ansible" / "tmp"),
        "ANSIBLE_REMOTE_TEMP": "/tmp/.ansible-shoal",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
        "ANSIBLE_PIPELINING": "True",
        # A cloud's machine runs before one can log in to it: about three minutes, with growing pauses.
        "ANSIBLE_SSH_RETRIES": "10",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_INTERPRETER_PYTHON": "auto_silent",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
    }
    usual = {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return {**kept, **usual, **ours, "SHOAL_CHANNEL": str(folder / playbook.SOCKET), "PYTHONUNBUFFERED": "1"}


def _reason(said: str, code: int | None, timeout: float) -> str:
    if code is None:
        return f"The playbook took longer than {timeout:g} s."
    tasks = _TASK.findall(said)
    where = f" at the task {tasks[-1]!r}" if tasks else ""
    return f"The playbook ended with exit code {code}{where}: {textwrap.shorten(_trouble(said), _SHOWN)}"


def _trouble(said: str) -> str:
    """Return what Ansible says of the task that failed, else its last line of trouble."""
    if found := _RESULT.findall(said):
        with suppress(orjson.JSONDecodeError):
            result = orjson.loads(found[-1])
            told = (str(result.get(key) or "").strip() for key in ("msg", "stderr", "module_stderr"))
            return "; ".join(dict.fromkeys(part for part in told if part))
    lines = said.splitlines() or ["it said nothing"]
    return ([line for line in lines if any(word in line for word in _TROUBLE)] or lines)[-1].strip()
