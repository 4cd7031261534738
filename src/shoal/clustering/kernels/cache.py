"""Where compiled kernels are kept between processes.

The folder is named for the kernels' sources and numba's version: numba itself notices a change in the file
a kernel is written in, but not one in an intrinsic or a kernel that it calls. A CPU's name and features are
part of numba's own key, so a folder may be shared by unlike machines.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

_SOURCES = Path(__file__).parents[1]
_MARKS = (b"numba", b"shoal.clustering.kernels.jit")
_IMPORTED = re.compile(r"from shoal\.clustering\.([\w.]+) import").findall


def _preferred_root() -> Path:
    if chosen := os.environ.get("SHOAL_CACHE_DIR"):
        return Path(chosen)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "shoal"
    return Path.home() / ".cache" / "shoal"


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def kernel_version() -> str:
    """Return a short hash of every source that takes part in compiled code, and of numba's version."""
    texts = {_module(source): source.read_bytes() for source in sorted(_SOURCES.rglob("*.py"))}
    digest = hashlib.sha256(f"{version('numba')} {version('llvmlite')}".encode())
    for name in sorted(_kernel_sources(texts)):
        digest.update(name.encode() + b"\0" + texts[name])
    return digest.hexdigest()[:16]


def _module(source: Path) -> str:
    return ".".join(source.relative_to(_SOURCES).with_suffix("").parts)


def _kernel_sources(texts: dict[str, bytes]) -> set[str]:
    """Return the modules that define kernels, and all that these import: constants are compiled in."""
    found: set[str] = set()
    open_ends = [name for name, text in texts.items() if any(mark in text for mark in _MARKS)]
    while open_ends:
        name = open_ends.pop()
        if name not in found:
            found.add(name)
            open_ends += [word for word in _IMPORTED(texts[name].decode()) if word in texts]
    return found


@cache
def cache_folder() -> Path:
    """Return the folder of this version's compiled kernels, made if need be.

    It is below `$SHOAL_CACHE_DIR`, else `$XDG_CACHE_HOME/shoal`, else `~/.cache/shoal`; where none of them
    can be written, below a temporary folder that belongs to this user alone.
    """
    folder = _preferred_root() / "kernels" / kernel_version()
    if _is_writable(folder):
        return folder
    private = Path(tempfile.gettempdir()) / f"shoal-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid() or private.stat().st_mode & 0o077:
        private = Path(tempfile.mkdtemp(prefix="shoal-"))
    folder = private / "kernels" / kernel_version()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def writing() -> Iterator[None]:
    """Hold the folder's lock: files that two processes write at once have crashed readers (numba 4807)."""
    with (cache_folder() / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
