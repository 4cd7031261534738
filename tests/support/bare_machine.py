"""A machine that has next to nothing: a file system of its own with busybox under all its names."""

from __future__ import annotations

import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.components import find_program, require_component
from tests.support.containers import image_of

ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "group": "root:x:0:\n",
    "shadow": "root:*:20000:0:99999:7:::\n",
}


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A folder that programs take for the root of all; they have process ids and a host name of their own."""

    root: Path

    def run(self, script: str, *, timeout: float = 30) -> tuple[int, str]:
        """Run a script by the machine's own shell and return its exit code and output."""
        (self.root / "tmp" / "script").write_text(script)
        apart = ["unshare", "--mount", "--uts", "--pid", "--net", "--fork", "--kill-child"]
        done = subprocess.run(
            [*apart, "chroot", self.root, "/bin/sh", "-c", "/bin/sh /tmp/script; exit $?"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={"PATH": "/bin:/usr/bin:/usr/sbin:/sbin"},
            timeout=timeout,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        return (self.root / path.lstrip("/")).read_bytes()

    def install(self, name: str, script: str) -> None:
        """Put a program on the machine's path."""
        program = self.root / "usr" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)


def bare_machine(folder: Path) -> BareMachine:
    """Make a machine in a folder; it has neither Python nor systemd, nor tools for users."""
    if os.geteuid() != 0:
        pytest.skip("a file system of one's own needs root")
    busybox = require_component("busybox", find_program("busybox", "/usr/bin", "/usr/sbin"))
    root = folder / "root"
    with tarfile.open(image_of(busybox, folder)) as archive:
        archive.extractall(root, filter="tar")
    for name, text in ACCOUNTS.items():
        (root / "etc" / name).write_text(text)
    os.mknod(root / "dev" / "null", 0o20666, os.makedev(1, 3))
    (root / "dev" / "null").chmod(0o666)
    return BareMachine(root)
