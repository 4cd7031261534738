"""A Debian of the tests' own, made from Debian's packages: no image registry is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.components import find_program, require_component
from tests.support.containers import Containers

NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/locale", "usr/share/doc", "usr/share/man")
MAKING = 900.0  # seconds that packages may take to come and to be unpacked


def import_debian(engine: Containers, name: str, packages: Sequence[str]) -> None:
    """Give an engine an image of Debian 12 with some packages; it asks for no others: it has no network."""
    debootstrap = require_component("debootstrap", find_program("debootstrap", "/usr/sbin"))
    root, archive = engine.folder / "debian", engine.folder / "debian.tar"
    included = f"--include={','.join(packages)}"
    with _in_memory(root):
        _run(debootstrap, "--variant=minbase", included, "bookworm", root)
        (root / "etc" / "apt" / "sources.list").write_text("")
        left_out = [f"--exclude=./{folder}" for folder in NOT_NEEDED]
        _run("tar", "--create", f"--directory={root}", f"--file={archive}", *left_out, ".")
    engine.run("import", archive, name, timeout=MAKING)
    archive.unlink()


@contextmanager
def _in_memory(folder: Path) -> Iterator[None]:
    """Keep a folder in memory while the block runs: every package of many waits for the disk."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", "size=2g", "debian", folder)
    try:
        yield
    finally:
        _run("umount", folder)


def _run(*words: object) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=MAKING,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
