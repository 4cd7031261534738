"""Where functions come from: a package or module, a folder or file of Python, or a name for one function.

Written as text: `package`, `package.module`, `/a/folder`, `./file.py`, `module:function`, and
`name=module:function` for a function under another name. Nothing here imports what it names.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "shoal.scripts"
CODE = (".py", ".so", ".pyd")
# At the end of a name: call the function for each item of a list.
EACH = "[]"


@dataclass(frozen=True, slots=True)
class Source:
    """A source taken apart; `path` is its folder or file, else `module` (and `attribute`) is its name."""

    text: str
    path: Path | None = None
    module: str = ""
    attribute: str = ""
    name: str = ""


def read_source(text: str) -> Source:
    """Take a source apart."""
    name, equals, target = text.rpartition("=")
    if os.sep in text or text.startswith(("~", ".")) or text.endswith(".py"):
        return Source(text, path=Path(text).expanduser().absolute())
    module, _, attribute = target.strip().partition(":")
    attribute = attribute.partition("[")[0].strip()
    called = name.strip() if equals and attribute else ""
    return Source(text, module=module.strip(), attribute=attribute, name=called or attribute)


def entry_point_sources() -> list[str]:
    """Return what installed packages offer under the entry points `shoal.scripts`."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return [f"{point.name}={point.value}" if ":" in point.value else point.value for point in found]


def code_files(roots: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the files of code below some folders, or the files themselves, by the names they have there."""
    for root in roots:
        if root.is_file():
            yield root.name, root
            continue
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(one for one in folders if one != "__pycache__" and not one.startswith("."))
            paths = (Path(folder, name) for name in sorted(names) if name.endswith(CODE))
            yield from ((path.relative_to(root.parent).as_posix(), path) for path in paths)


def code_hash(roots: Sequence[Path]) -> str:
    """Return the SHA-256 over the names and contents of all files of code; "" when there are none."""
    total = hashlib.sha256()
    names = 0
    for name, path in code_files(roots):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{name}\0{content}\n".encode())
        names += 1
    return total.hexdigest() if names else ""


def state_of(roots: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file of code is edited, added or removed, without reading any."""
    files = ((path, path.stat()) for _, path in code_files(roots))
    return tuple((str(path), facts.st_mtime_ns, facts.st_size) for path, facts in files)
