"""How Ansible reaches a machine: through the provider that made it, whatever that is.

The orchestrator listens on the socket that SHOAL_CHANNEL names. A request is a JSON line with a script, an
answer one with its exit code and its output.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import socket
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: shoal
short_description: run tasks in machines of Shoal
description: Runs tasks through the provider that made a machine.
author: The Shoal authors
options: {}
"""


class Connection(ConnectionBase):  # type: ignore[misc]  # Ansible has no types
    """Run commands and move files by scripts: a machine needs a POSIX shell and base64."""

    transport = "shoal"
    has_pipelining = True

    def _connect(self) -> Connection:
        return self

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        """Run a command and return its exit code, its output and its errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        mark = secrets.token_hex(8)
        code, output = self._run(_SCRIPT.format(data=_encoded(in_data or b""), command=cmd, mark=mark))
        _, _, told = output.partition(f"{mark}-out ".encode())
        head, _, rest = told.partition(b"\n")
        printed, _, errors = rest.partition(f"{mark}-err\n".encode())
        if not head:
            raise AnsibleConnectionFailure(f"exit code {code}: {output.decode(errors='replace')[-300:]}")
        return int(head), base64.b64decode(printed), base64.b64decode(errors)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Write a file of ours in the machine."""
        content = _encoded(Path(in_path).read_bytes())
        self._done(f"base64 -d >{shlex.quote(out_path)} <<'END'\n{content}END\n")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Write a file of the machine here."""
        Path(out_path).write_bytes(base64.b64decode(self._done(f"base64 <{shlex.quote(in_path)}\n")))

    def close(self) -> None:
        """Let go of the machine: every request has a connection of its own."""

    def _done(self, script: str) -> bytes:
        code, output = self._run(script)
        if code:
            raise AnsibleConnectionFailure(f"exit code {code}: {output.decode(errors='replace')[-300:]}")
        return output

    def _run(self, script: str) -> tuple[int, bytes]:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(os.environ["SHOAL_CHANNEL"])
            line.sendall(json.dumps({"script": script}).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline() or b"{}")
        if "code" not in answer:
            raise AnsibleConnectionFailure(str(answer.get("error", "the orchestrator is gone")))
        return int(answer["code"]), base64.b64decode(answer["output"])


_SCRIPT = """\
kept=$(umask 077 && mktemp -d) || exit 1
base64 -d >"$kept/in" <<'END'
{data}END
( {command}
) <"$kept/in" >"$kept/out" 2>"$kept/err"
printf '{mark}-out %s\\n' $?
base64 <"$kept/out"
printf '{mark}-err\\n'
base64 <"$kept/err"
rm -rf "$kept"
"""


def _encoded(content: bytes) -> str:
    return base64.encodebytes(content).decode()
