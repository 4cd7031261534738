"""Which blueprints there are, and copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from shoal.base.errors import Conflict, NotFound

_FOLDER = Path(__file__).parent


class Blueprint(NamedTuple):
    """A cluster that we ship a description of; `file` is its description, below a copy's folder."""

    name: str
    summary: str
    file: str


def blueprints() -> list[Blueprint]:
    """Return every blueprint, by name; its summary is the first line of its README."""
    return [_read(folder) for folder in sorted(_FOLDER.iterdir()) if (folder / "README.md").is_file()]


def copy(name: str, to: Path) -> Path:
    """Copy a blueprint into a folder that is not there or empty, and return the path of its description.

    Raises:
        NotFound: there is no such blueprint.
        Conflict: the folder has something in it; nothing was copied.
    """
    found = next((one for one in blueprints() if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in blueprints())
        raise NotFound(f"There is no blueprint {name!r}.", hint=f"There are: {names}.")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Conflict(f"{to} is there already and not empty.", hint="Name another folder.")
    shutil.copytree(_FOLDER / name, to, dirs_exist_ok=True)
    return to / found.file


def _read(folder: Path) -> Blueprint:
    [description] = sorted(folder.glob("infra-*.yaml"))
    title = (folder / "README.md").read_text().splitlines()[0].removeprefix("# ")
    return Blueprint(folder.name, title, description.name)
