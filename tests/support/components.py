"""Real components: used when they are there, asked for when they are not, insisted on where CI=true."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def require_component(name: str, found: T | None, install_line: str = "make services") -> T:
    """Return what was found; without it skip on a laptop, and fail where CI=true."""
    if found is not None:
        return found
    message = f"{name} is not installed; install it with: {install_line}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def find_program(name: str, *folders: str) -> Path | None:
    """Return a program on PATH, or in the newest of some folders given as patterns below /."""
    if (there := shutil.which(name)) is not None:
        return Path(there)
    found = [path for pattern in folders for path in Path("/").glob(f"{pattern.lstrip('/')}/{name}")]
    return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()], default=None)
