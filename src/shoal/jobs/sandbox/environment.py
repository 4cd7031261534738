"""The environment of a program: what it needs, and nothing of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoal.base.errors import InvalidInput

FOLDER = "SHOAL_FOLDER"
_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
# What would run somebody else's code inside of ours, before it is confined.
_LOADER = ("LD_", "DYLD_", "GLIBC_", "GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_")


def made(folder: Path, spec: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a program that works in a folder; the job's own variables come on top.

    `facts` are the job's id, attempt, array index and seed; None leaves one out.

    Raises:
        InvalidInput: the job names a variable that cannot be one.
    """
    home = str(folder)
    usual = {"PATH": search_path(), "LANG": os.environ.get("LANG", "C.UTF-8"), "HOME": home, "TMPDIR": home}
    told = {f"SHOAL_{name.upper()}": str(value) for name, value in facts.items() if value is not None}
    if (seed := facts.get("seed")) is not None:
        usual["PYTHONHASHSEED"] = str(int(seed) % (1 << 32))
    return usual | checked(spec.get("env") or {}) | told | {FOLDER: home}


def search_path() -> str:
    """Return where programs are looked for: beside our Python, then where the system has them."""
    return os.pathsep.join(dict.fromkeys((str(Path(sys.executable).parent), *_PATH)))


def checked(given: Mapping[str, Any]) -> dict[str, str]:
    """Return a job's variables; raises InvalidInput for a name or a value that cannot be one."""
    for name, value in given.items():
        if not name or "=" in name or "\0" in f"{name}{value}":
            raise InvalidInput(f"{name[:80]!r} cannot be an environment variable.", hint="Use NAME=value.")
        if name.startswith(_LOADER):
            raise InvalidInput(
                f"{name} may not be set for a job.", hint="It would change programs before they are confined."
            )
    return {name: str(value) for name, value in given.items()}
