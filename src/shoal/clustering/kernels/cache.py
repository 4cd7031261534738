"""Where compiled kernels are kept between processes.

The folder is named for the kernels' sources and numba's version: numba itself notices a change in the file
a kernel is written in, but not one in an intrinsic or a kernel that it calls. A CPU's name and features are
part of numba's own key, so a folder may be shared by unlike machines.

Folders of other versions go when nobody has used them for a month. Who uses one holds a lock on its file
`used` for life, so a server that has been up for a year keeps what it may still load.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

KEPT = 30 * 86_400  # seconds after its last use for which a folder is kept
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
    is_new = not folder.exists()
    if _is_writable(folder):
        _mark_as_used(folder)
        if is_new:  # Only a change of version leaves a folder behind.
            prune(folder.parent, keep=folder.name)
        return folder
    private = Path(tempfile.gettempdir()) / f"shoal-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid() or private.stat().st_mode & 0o077:
        private = Path(tempfile.mkdtemp(prefix="shoal-"))
    folder = private / "kernels" / kernel_version()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def prune(root: Path, *, keep: str) -> None:
    """Delete the folders of versions that were last used long ago and that no process holds."""
    for folder in root.iterdir():
        used = folder / "used"
        mark = used if used.exists() else folder
        if folder.name == keep or time.time() - mark.stat().st_mtime < KEPT:
            continue
        with suppress(OSError), used.open("a") as file:  # Held by another process: left alone.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _mark_as_used(folder: Path) -> None:
    """Keep the folder from being deleted as long as this process lives, and its forked children."""
    held = os.open(folder / "used", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    os.utime(held)
    fcntl.flock(held, fcntl.LOCK_SH)


@contextmanager
def writing() -> Iterator[None]:
    """Hold the folder's lock: files that two processes write at once have crashed readers (numba 4807)."""
    with (cache_folder() / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
