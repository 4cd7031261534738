"""Working folders: one for each attempt, made before and gone after, where no other program can look."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

OUT = "out"


def open_nest(nest: Path) -> Path:
    """Return the folder that holds the folders of a home's jobs: others may pass through it only.

    Raises:
        OSError: it cannot be made, or somebody else made it.
    """
    nest.mkdir(mode=0o711, parents=True, exist_ok=True)
    facts = nest.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise PermissionError(1, "this is not a folder of ours", str(nest))
    nest.chmod(0o711)
    return nest


def make(nest: Path, name: str, user: int | None) -> Path:
    """Return a new folder with `out/` in it, which is its user's alone (ours when there is no other)."""
    folder = _new(nest, name, 0o700)
    (folder / OUT).mkdir(mode=0o700)
    if user is not None:
        for path in (folder, folder / OUT):
            os.chown(path, user, user)
    return folder


def make_passable(nest: Path, name: str) -> Path:
    """Return a new folder that is ours, and that others may pass through to what is theirs."""
    return _new(nest, name, 0o711)


def make_readable(nest: Path, name: str) -> Path:
    """Return a new folder that is ours, and that every user may read who knows its name."""
    return _new(nest, name, 0o755)


def hand_over(folder: Path, user: int | None) -> None:
    """Make everything in a folder of ours readable for all, and another user's if there is one."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        if user is not None:
            os.chown(path, user, user)


def remove(folder: Path) -> None:
    """Remove a folder, whatever its user made of it."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder, onerror=_try_harder)


def clean(nest: Path) -> None:
    """Remove what an earlier life left behind."""
    if nest.is_dir() and nest.lstat().st_uid == os.geteuid():
        for path in nest.iterdir():
            remove(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def leave(nest: Path) -> None:
    """Remove the nest when nobody has a folder there any more."""
    with suppress(OSError):
        nest.rmdir()


def _new(nest: Path, name: str, mode: int) -> Path:
    folder = nest / f"{name}-{secrets.token_hex(8)}"
    try:
        folder.mkdir()
    except FileNotFoundError:  # Whoever was there last has removed the nest.
        open_nest(nest)
        folder.mkdir()
    folder.chmod(mode)
    return folder


def _try_harder(again: Callable[[str], Any], path: str, _: object) -> None:
    """Give ourselves the rights that a program took from us, and try again."""
    place = Path(path)
    for each in (place.parent, place):
        with suppress(OSError):
            if not each.is_symlink() and each.is_dir():
                each.chmod(0o700)
    with suppress(OSError):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)
