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
APART = ("unshare", "--mount", "--uts", "--pid", "--net", "--fork", "--kill-child")
NO_OVERLAY = 97
OVERLAY = f"""\
cd "$1/over" && mount -t tmpfs tmpfs . && cd "$1/over" && mkdir upper work root &&
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/over/upper,workdir=$1/over/work" root &&
mount --bind /dev root/dev && mount -t proc proc root/proc && cp "$1/script" root/script || exit {NO_OVERLAY}
chroot root /bin/sh /script
"""


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A folder that programs take for the root of all; they have process ids and a host name of their own."""

    root: Path

    def run(self, script: str, *, timeout: float = 60) -> tuple[int, str]:
        """Run a script by the machine's own shell and return its exit code and output."""
        (self.root / "tmp" / "script").write_text(script)
        done = subprocess.run(
            [*APART, "chroot", self.root, "/bin/sh", "-c", "/bin/sh /tmp/script; exit $?"],
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


def run_over_this_system(script: str, folder: Path, *, timeout: float = 60) -> tuple[int, str]:
    """Run a script where all of this machine's programs are, but whatever is written is lost.

    Returns its exit code and output.
    """
    if os.geteuid() != 0:
        pytest.skip("a file system of one's own needs root")
    (folder / "over").mkdir()
    (folder / "script").write_text(script)
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            "--uts",
            "--pid",
            "--net",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            OVERLAY,
            "sh",
            folder,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode == NO_OVERLAY:
        pytest.skip(f"this system cannot be overlaid: {output}")
    return done.returncode, output


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
