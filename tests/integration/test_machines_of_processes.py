"""Machines that are processes: who minds them, and what ends with them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from shoal.base.errors import Unavailable
from shoal.base.process import process_label
from shoal.base.settings import FACTS
from shoal.infra.errors import Refused
from shoal.infra.providers.process import Processes
from shoal.infra.providers.processes import scratch
from shoal.infra.providers.processes.capped_log import CappedLog
from shoal.infra.providers.provider import Machine, Means, Order, Standing
from tests.support.grounds import Ground
from tests.support.waiting import wait_until


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Processes]:
    made = Processes({}, Means(str(tmp_path)))
    yield made
    for each in made.machines("i"):
        made.drop("i", each.instance, None)
    made.clean("i")
    assert not (tmp_path / "machines").exists()


def order(instance: str = "m1", /, **resource: object) -> Order:
    return Order("i", "infra", instance, "worker", f"machine-{instance}", {"type": "process", **resource})


def only(provider: Processes) -> Machine:
    (found,) = provider.machines("i")
    return found


def state(folder: Path, instance: str = "m1") -> dict[str, object]:
    return dict(orjson.loads((folder / "machines" / instance / "state.json").read_bytes()))


def minder(folder: Path, instance: str = "m1") -> psutil.Process:
    return psutil.Process(int(str(state(folder, instance)["minder"]).split("/")[-2]))


def told(provider: Processes, script: str, instance: str = "m1") -> str:
    pieces: list[bytes] = []
    assert provider.run(instance, script, pieces.append, 30) == 0
    return b"".join(pieces).decode().strip()


def test_a_machine_outlives_whoever_made_it(tmp_path: Path, provider: Processes) -> None:
    ground = Ground({"type": "process", "command": "sleep 1000"}, tmp_path)
    done = ground.elsewhere(
        f"""
        import os, signal
        os.setsid()
        provider.create(Order("i", "i", "m1", "worker", "m", {ground.resource!r}))
        os.killpg(os.getpgrp(), signal.SIGKILL)
        """
    )
    assert done.returncode == -9, done.stderr
    wait_until(lambda: only(provider).standing == Standing.READY)
    assert [child.name() for child in minder(tmp_path).children()] == ["sleep"]


def test_a_command_that_dies_is_started_again(tmp_path: Path, provider: Processes) -> None:
    provider.create(order(command="sleep 1000"))
    wait_until(lambda: state(tmp_path).get("running"))
    (first,) = minder(tmp_path).children()
    first.kill()
    wait_until(lambda: state(tmp_path).get("starts") == 2)
    wait_until(lambda: [child.name() for child in minder(tmp_path).children()] == ["sleep"])


def test_a_command_that_does_not_work_is_told_of(tmp_path: Path, provider: Processes) -> None:
    provider.create(order(command=["sh", "-c", "echo out of order; exit 3"]))
    wait_until(lambda: only(provider).standing == Standing.AILING)
    assert only(provider).detail == "sh ended with 3"
    log = tmp_path / "machines" / "m1" / "output.log"
    assert b"out of order\n== sh ended with 3; started again in 1 s\n" in log.read_bytes()


def test_a_program_that_there_is_not_is_told_of(provider: Processes) -> None:
    provider.create(order(command="no-such-program"))
    wait_until(lambda: "no-such-program cannot be run" in only(provider).detail)


def test_all_that_descends_ends_with_the_machine(provider: Processes) -> None:
    provider.create(order())
    marks = {
        "plain": "sleep {} & echo $!",
        "of another session": "setsid sleep {} & echo $!",
        "without an environment": "env -i setsid sh -c 'sleep {} & echo $!; :'",
        "deaf": """sh -c 'trap "" TERM; echo $$; while :; do sleep {}; done' >pid & sleep 0.3; cat pid""",
    }
    pids = {name: int(told(provider, script.format(1000))) for name, script in marks.items()}
    assert all(psutil.pid_exists(pid) for pid in pids.values())
    provider.drop("i", "m1", None)
    assert [name for name, pid in pids.items() if psutil.pid_exists(pid)] == []


def test_a_machine_whose_minder_is_killed_is_told_of_and_can_be_made_again(
    tmp_path: Path, provider: Processes
) -> None:
    provider.create(order(command="sleep 1000"))
    wait_until(lambda: state(tmp_path).get("running"))
    left = int(told(provider, "setsid sleep 1000 & echo $!"))
    (command,) = [each for each in minder(tmp_path).children() if each.pid != left]
    address = only(provider).private
    minder(tmp_path).kill()
    wait_until(lambda: only(provider).standing == Standing.SHUTDOWN)
    wait_until(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(Unavailable, match="does not answer"):
        provider.run("m1", "true", lambda _: None, 5)
    provider.create(order(command="sleep 1000"))
    assert only(provider).private == address
    provider.drop("i", "m1", None)
    wait_until(lambda: not psutil.pid_exists(left))


def test_a_machine_ends_when_somebody_removes_its_folder(tmp_path: Path, provider: Processes) -> None:
    provider.create(order(command="sleep 1000"))
    wait_until(lambda: state(tmp_path).get("running"))
    ours = minder(tmp_path)
    (command,) = ours.children()
    shutil.rmtree(tmp_path / "machines")
    wait_until(lambda: not ours.is_running() and not command.is_running())


def test_a_process_that_got_the_number_of_a_dead_minder_lives_on(tmp_path: Path, provider: Processes) -> None:
    provider.create(order())
    minder(tmp_path).kill()
    wait_until(lambda: only(provider).standing == Standing.SHUTDOWN)
    with subprocess.Popen(["sleep", "1000"]) as innocent:
        space, _, birth = process_label().rsplit("/", 2)
        path = tmp_path / "machines" / "m1" / "state.json"
        path.write_bytes(orjson.dumps(state(tmp_path) | {"minder": f"{space}/{innocent.pid}/{birth}"}))
        provider.drop("i", "m1", None)
        assert innocent.poll() is None
        innocent.kill()


def test_every_machine_has_an_address_of_its_own_at_which_it_can_serve(provider: Processes) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: provider.create(order(f"m{n}")), range(6)))
    addresses = [str(each.private) for each in provider.machines("i")]
    assert len(set(addresses)) == 6
    for address in addresses:
        with socket.create_server((address, 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()


def test_a_script_knows_where_it_is(tmp_path: Path, provider: Processes) -> None:
    provider.create(order(env={"GREETING": "hello"}))
    found = told(
        provider, 'echo "$GREETING $MACHINE_ADDRESS $MACHINE_INSTANCE $MACHINE_NODE"; echo "$HOME"; pwd'
    )
    home = tmp_path / "machines" / "m1" / "home"
    assert found.splitlines() == [f"hello {only(provider).private} m1 worker", str(home), str(home)]
    assert told(provider, 'echo "$MACHINE_ROOT"') == str(home)


def test_a_machine_gets_no_variable_of_ours(provider: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOAL_SECRET_OF_OURS", "hidden")
    provider.create(order())
    assert "hidden" not in told(provider, "env")


def test_sockets_fit_into_the_folder_for_temporary_files_however_deep_a_machine_is(tmp_path: Path) -> None:
    provider = Processes({}, Means(str(tmp_path / ("a" * 120))))
    provider.create(order())
    bind = "import os, socket; socket.socket(socket.AF_UNIX).bind(os.environ['TMPDIR'] + '/it')"
    folder = Path(told(provider, f'python3 -c "{bind}" && echo "$TMPDIR"'))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "it").is_socket()
    provider.drop("i", "m1", None)
    assert not folder.exists()


def test_somebody_elses_folder_for_temporary_files_is_not_taken(tmp_path: Path) -> None:
    path = scratch.made(tmp_path)
    path.rmdir()
    path.symlink_to(tmp_path)
    assert scratch.made(tmp_path) == tmp_path / "home"
    scratch.remove(tmp_path)
    assert path.is_symlink()
    path.unlink()
    path.mkdir(mode=0o755)
    assert scratch.made(tmp_path) == tmp_path / "home"
    path.rmdir()


def test_what_a_machine_is_told_of_itself_is_no_setting_of_a_shoal_in_it(provider: Processes) -> None:
    provider.create(order())
    names = {line.partition("=")[0] for line in told(provider, "env").splitlines()}
    assert {name for name in names if name.startswith("SHOAL_")} <= FACTS
    load = (
        f"{sys.executable} -c 'from shoal.base.settings import load_settings; load_settings()' && echo fine"
    )
    assert told(provider, load).strip().endswith("fine")


def test_memory_is_bounded(provider: Processes) -> None:
    provider.create(order(limits={"memory": "64M"}))
    script = "python3 -c 'bytearray(1 << 29)' 2>&1 | tail -1"
    assert told(provider, script) == "MemoryError"


def test_folders_may_be_deep(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    provider = Processes({}, Means(str(deep)))
    provider.create(order())
    assert told(provider, "echo here") == "here"
    provider.drop("i", "m1", None)


def test_what_is_made_and_dropped_at_once_is_there_or_not(provider: Processes) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            pool.submit(provider.create, order())
            pool.submit(provider.drop, "i", "m1", None)
    assert all(each.standing == Standing.READY for each in provider.machines("i"))


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"limits": {"memory": "much"}}, "memory is 'much'"),
        ({"limits": {"memory": 512}}, "512 bytes; write 512M"),
        ({"limits": {"cores": -1}}, "cores is -1"),
        ({"limits": {"processes": 5}}, "processes cannot be bounded"),
        ({"limits": {"colour": 5}}, "no limit of colour"),
        ({"limits": 5}, "cannot be used"),
        ({"env": {"LD_PRELOAD": "x"}}, "LD_PRELOAD may not be set"),
        ({"env": {"A=B": "x"}}, "cannot be an environment variable"),
        ({"command": "echo 'unclosed"}, "No closing quotation"),
    ],
)
def test_sections_that_cannot_be_used_are_refused(
    provider: Processes, resource: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        provider.create(order(**resource))
    assert provider.machines("i") == []


def test_a_machine_of_another_infrastructure_is_not_taken(provider: Processes) -> None:
    provider.create(order())
    with pytest.raises(Refused, match="another infrastructure's"):
        provider.create(_of_other(order()))


def _of_other(given: Order) -> Order:
    return Order("other", "infra", given.instance, given.node, given.name, given.resource)


def test_output_is_kept_and_never_too_much(tmp_path: Path) -> None:
    with closing(CappedLog(tmp_path / "output.log", most=1000)) as log:
        for n in range(100):
            log.write(b"%099d\n" % n)
    kept = (tmp_path / "output.log.1").read_bytes() + (tmp_path / "output.log").read_bytes()
    assert kept.endswith(b"%099d\n" % 99)
    assert 1000 < len(kept) <= 2000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output.log", "output.log.1"]


def test_a_torn_order_is_made_anew(tmp_path: Path, provider: Processes) -> None:
    (tmp_path / "machines" / "m1").mkdir(parents=True)
    assert provider.machines("i") == []
    provider.create(order())
    assert only(provider).standing == Standing.READY
