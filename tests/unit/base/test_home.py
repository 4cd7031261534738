from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shoal.base.errors import Forbidden, HomeInUse
from shoal.base.home import Home, holder
from tests.support.waiting import wait_until

HOLD = (
    "import sys; from pathlib import Path; from shoal.base.home import Home; "
    "h = Home.open(Path(sys.argv[1])); "
)


def test_a_home_is_held_by_one_process_and_says_by_whom(tmp_path: Path) -> None:
    code = HOLD + "h.publish('http://127.0.0.1:9'); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(HomeInUse) as refused:
            Home.open(tmp_path, wait=60)  # a server is not waited for
        assert refused.value.details == {"url": "http://127.0.0.1:9", "pid": process.pid}
        found = holder(tmp_path)
        assert found is not None
        assert found.pid == process.pid
        process.kill()
    Home.open(tmp_path).close()
    assert holder(tmp_path) is None


def test_a_command_is_waited_for(tmp_path: Path) -> None:
    code = HOLD + "print('held', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        with pytest.raises(HomeInUse, match="is in use by"):
            Home.open(tmp_path)
        process.stdin.close()
        Home.open(tmp_path, wait=60).close()


def test_a_closed_home_can_be_opened_again(tmp_path: Path) -> None:
    Home.open(tmp_path / "new").close()
    home = Home.open(tmp_path / "new")
    assert home.files.is_dir()
    home.close()


def test_a_home_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Forbidden, match="is not a folder"):
        Home.open(tmp_path / "file")


def test_a_read_only_home_is_explained(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        tmp_path = Path("/proc/shoal-home")  # not even root may write here
    else:
        tmp_path.chmod(0o500)
        tmp_path = tmp_path / "home"
    with pytest.raises((Forbidden, FileNotFoundError)):
        Home.open(tmp_path)
    wait_until(lambda: not tmp_path.exists())
