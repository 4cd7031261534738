"""Files that people name, opened with care: only regular files, and a clear word for the rest."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from shoal.base.errors import InvalidInput
from shoal.storage.words import shown

_FACTS = {
    errno.ENOENT: "no such file.",
    errno.ENOTDIR: "no such file.",
    errno.EACCES: "you may not read this file.",
    errno.EPERM: "you may not read this file.",
    errno.ENAMETOOLONG: "this name is too long.",
    errno.ELOOP: "this link leads back to itself.",
}


def file_name(path: Path) -> str:
    """Return the last part of a path, fit for a sentence."""
    return shown(path.name, 120) or str(path)


def open_source(path: Path, name: str) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        InvalidInput: there is none (with a name that is close), it is a folder or a device, or it may not
            be read.
    """
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unopened(error, path, name) from error
    except ValueError as error:
        raise InvalidInput(f"{name}: a file name cannot hold a NUL byte.", file=name) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        what = "a folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "not a regular file"
        os.close(descriptor)
        raise InvalidInput(f"{name}: this is {what}.", hint="Name a file in it.", file=name)
    return os.fdopen(descriptor, "rb")


def _unopened(error: OSError, path: Path, name: str) -> InvalidInput:
    fact = _FACTS.get(error.errno or 0, f"it cannot be opened ({error.strerror}).")
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    hint, code = (_meant(path), "no_such_file") if missing else ("", None)
    return InvalidInput(f"{name}: {fact}", hint=hint, code=code, file=name)


def _meant(path: Path) -> str:
    with suppress(OSError):
        names = [found.name for found in path.parent.iterdir() if found.is_file()]
        if close := get_close_matches(path.name, names, 1):
            return f"Did you mean {path.with_name(close[0])}?"
    return ""
