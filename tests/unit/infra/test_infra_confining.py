"""What fills in templates, or runs playbooks, cannot reach what the server keeps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shoal.jobs.sandbox import landlock

PROGRAM = """
import sys
from pathlib import Path
from shoal.infra.confining import keep_to
kept, mine = Path(sys.argv[1]), Path(sys.argv[2])
keep_to([str(mine)])
(mine / "written").write_text("fine")
print((mine / "written").read_text(), Path(sys.executable).exists())
for what in (kept.read_text, lambda: kept.write_text("x"), lambda: (kept.parent / "new").touch()):
    try:
        what()
        print("reached")
    except PermissionError:
        print("refused")
"""


def test_only_what_was_given_can_be_reached(tmp_path: Path) -> None:
    if not landlock.version():
        pytest.skip("this kernel does not know Landlock")
    kept, mine = tmp_path / "kept" / "secret", tmp_path / "mine"
    kept.parent.mkdir()
    mine.mkdir()
    kept.write_text("secret")
    words = [sys.executable, "-c", PROGRAM, str(kept), str(mine)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["fine", "True", "refused", "refused", "refused"]
    assert kept.read_text() == "secret"
