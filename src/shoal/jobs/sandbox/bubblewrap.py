"""Bubblewrap: a program sees a file system made for it, and no process but its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from shoal.jobs.sandbox.places import DEVICES

_SCRATCH_MEMORY = str(64 << 20)  # bytes below /tmp and /dev/shm, which are memory
_THERE = {"/", "/tmp", "/dev", "/proc", "/sys"}
_APART = ("--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent")


def program() -> str | None:
    """Return where bubblewrap is, None when it is not installed."""
    return shutil.which("bwrap")


def command(
    argv: Sequence[str], readable: Iterable[str], folder: str, cwd: str, user: int | None
) -> list[str]:
    """Return the words that run a program apart: it can write its folder and nothing else.

    `user` is whom root makes the program run as; without root, it runs as who we are.
    """
    who, become = _as(user)
    return [
        *(program() or "bwrap", *_APART, *who),
        *_mounts(readable, folder),
        *("--chdir", cwd, "--", *become, *argv),
    ]


def is_part_of(pid: int) -> bool:
    """Say whether a process is bubblewrap itself rather than what it runs."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "bwrap"  # noqa: PTH115, PTH119
    except OSError:
        return False


def _as(user: int | None) -> tuple[list[str], list[str]]:
    if user is None:
        return ["--unshare-user", "--cap-drop", "ALL"], []
    # To enter a folder that is not ours; whoever stops being root loses all of them.
    needed = ["--cap-drop", "ALL"]
    for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_DAC_READ_SEARCH"):
        needed += ["--cap-add", capability]
    changed = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return needed, [shutil.which("setpriv") or "setpriv", *changed, "--"]


def _mounts(readable: Iterable[str], folder: str) -> Iterator[str]:
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", _SCRATCH_MEMORY, "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev")
    yield from ("--size", _SCRATCH_MEMORY, "--perms", "1777", "--tmpfs", "/tmp")
    yield from ("--ro-bind-try", "/sys", "/sys")
    yield from _passable([*readable, folder])
    for path in sorted(readable):
        if path not in DEVICES:
            yield from ("--ro-bind-try", path, path)
    yield from ("--bind", folder, folder, "--remount-ro", "/")


def _passable(paths: Iterable[str]) -> Iterator[str]:
    """Let every user pass through the folders above some paths; bubblewrap would make them root's alone."""
    above = {str(folder) for path in paths for folder in PurePath(path).parents}
    for folder in sorted(above - _THERE):
        yield from ("--perms", "0755", "--dir", folder)
