"""Removing what nobody needs any more: rows of the long destroyed, and folders without a row."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path

from shoal.base import clock
from shoal.base.database import Database
from shoal.infra.office.folders import named
from shoal.infra.secrets import FILE
from shoal.infra.store import faults, forgetting

YOUNG = 3600.0  # seconds: a folder may be there before anybody has looked for its row


def collect(database: Database, folder: Path, seconds: float) -> tuple[int, int]:
    """Forget what was destroyed, and what happened, so many seconds ago.

    Returns how many infrastructures and how many happenings there were. Secrets go as soon as their
    infrastructure is destroyed, folders with its row.
    """
    before = clock.now() - round(seconds * clock.SECOND)
    gone = 0
    while n := database.write(faults.FORGET, partial(forgetting.forget, before=before)):
        gone += n
    happenings = database.write(faults.FORGET, partial(forgetting.forget_happenings, before=before))
    _clear(database, folder)
    return gone, happenings


def _clear(database: Database, folder: Path) -> None:
    there = {path.name: path for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else {}
    if not there:
        return
    known = database.read(partial(forgetting.known, ids=there.keys()))
    for name in there.keys() - known:
        if time.time() - there[name].stat().st_mtime > YOUNG:
            shutil.rmtree(there[name], ignore_errors=True)
    for name in database.read(partial(forgetting.destroyed, home=named(folder))) & there.keys():
        (there[name] / FILE).unlink(missing_ok=True)
