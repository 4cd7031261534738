"""Giving up the file system, where the kernel knows Landlock."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.jobs.sandbox import landlock, places, privileges


def keep_to(writable: Sequence[str]) -> None:
    """Leave this process, for ever, what programs need to run at all, and these folders to write in.

    Neither what the server keeps nor its users' files can be read after that.
    """
    if landlock.version():
        privileges.gain_nothing()
        landlock.restrict([*places.readable([], []), *places.KERNEL], [*writable, *places.DEVICES])
