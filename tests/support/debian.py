"""A Debian of the tests' own, made from Debian's packages: no image registry is asked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from tests.support.components import find_program, require_component
from tests.support.containers import Containers

NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/locale", "usr/share/doc", "usr/share/man")
MAKING = 900.0  # seconds that packages may take to come and to be unpacked


def import_debian(engine: Containers, name: str, packages: Sequence[str]) -> None:
    """Give an engine an image of Debian 12 with some packages; it asks for no others: it has no network."""
    debootstrap = require_component("debootstrap", find_program("debootstrap", "/usr/sbin"))
    root = engine.folder / "debian"
    included = f"--include={','.join(packages)}"
    words = [str(debootstrap), "--variant=minbase", included, "bookworm", str(root)]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=MAKING
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    (root / "etc" / "apt" / "sources.list").write_text("")
    archive = engine.folder / "debian.tar"
    left_out = [f"--exclude=./{folder}" for folder in NOT_NEEDED]
    packed = ["tar", "--create", f"--directory={root}", f"--file={archive}", *left_out, "."]
    subprocess.run(packed, check=True, timeout=MAKING)
    shutil.rmtree(root)
    engine.run("import", archive, name, timeout=MAKING)
    archive.unlink()
