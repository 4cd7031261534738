"""A module for the fork server to load, after which every fork dies at once and notes when."""

from __future__ import annotations

import os
import time
from pathlib import Path


def _die() -> None:
    with Path(os.environ["DOOMED"]).open("a") as file:
        file.write(f"{time.monotonic()}\n")
    os._exit(3)


os.register_at_fork(after_in_child=_die)
