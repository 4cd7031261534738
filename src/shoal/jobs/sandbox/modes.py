"""The ways to confine a program, and what each keeps from what."""

from __future__ import annotations

import os
from collections.abc import Iterator

from shoal.jobs.sandbox import bubblewrap, landlock

USER, BUBBLEWRAP, LANDLOCK, NONE = "user", "bubblewrap", "landlock", "none"
CONFINING = (USER, BUBBLEWRAP, LANDLOCK)
MEANS = {
    USER: "programs run as a user of their own: they see neither the home nor each other's files",
    BUBBLEWRAP: "programs see a file system and processes of their own: neither the home nor each other",
    LANDLOCK: "the kernel refuses programs the home and each other's files",
    NONE: "programs can read and change all that this server can, the home too",
}


def offered() -> Iterator[tuple[str, str]]:
    """Yield each mode with why it cannot work here, or nothing as far as can be seen without trying."""
    yield USER, "" if os.geteuid() == 0 else "only root can become another user"
    yield BUBBLEWRAP, "" if bubblewrap.program() else "bubblewrap is not installed"
    yield LANDLOCK, "" if landlock.version() else "the kernel has no Landlock"


def candidates(wanted: str) -> list[str]:
    """Return the modes to try, best first."""
    return list(CONFINING) if wanted == "auto" else [wanted]
