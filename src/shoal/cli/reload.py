"""Starting the server anew whenever a source file changes, for those who change them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import shoal
from shoal.cli.output import say

LOOK_EVERY = 0.5
SOURCES = Path(shoal.__file__).parent


def serve_anew(arguments: Sequence[str]) -> int:
    """Run `shoal ARGUMENTS` and run it again after each change; return its exit code when it ends itself."""
    command = [sys.executable, "-m", "shoal.cli.main", *arguments]
    while True:
        seen = newest_change()
        with subprocess.Popen(command) as server:
            try:
                while server.poll() is None and newest_change() == seen:
                    time.sleep(LOOK_EVERY)
            except KeyboardInterrupt:
                return server.wait()
            if server.returncode is not None:
                return server.returncode
            say("A source file changed. Starting anew.")
            server.terminate()


def newest_change() -> float:
    """Return when a source file, template or style was changed last."""
    files = (path for path in SOURCES.rglob("*") if path.suffix in {".py", ".css", ".j2", ".js"})
    return max(path.stat().st_mtime for path in files)
