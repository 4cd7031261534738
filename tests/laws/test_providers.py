"""Laws of whatever makes machines: one set for all. EC2 is simulated by moto, and says so in its name."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from shoal.infra.errors import Refused
from shoal.infra.providers.provider import Standing
from tests.support.grounds import Ground, Grounds, machine
from tests.support.waiting import wait_until

KINDS = ("process", "docker", "hosts", "simulated", "ec2_simulated")
RUNNING = ("process", "docker", "hosts")
HOSTILE = (
    "../../etc",
    "*",
    'a b;$(touch x)`touch y` "quoted and\' {"json": 1}',
    "größer-als-Übel-🐟,name=value",
    "-rf" + "L" * 200,
)


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with ExitStack() as stack:
        yield Grounds(stack.enter_context)


@pytest.fixture(params=KINDS)
def ground(request: pytest.FixtureRequest, grounds: Grounds, tmp_path: Path) -> Iterator[Ground]:
    yield from _given(grounds, request.param, tmp_path)


@pytest.fixture(params=RUNNING)
def runner(request: pytest.FixtureRequest, grounds: Grounds, tmp_path: Path) -> Iterator[Ground]:
    yield from _given(grounds, request.param, tmp_path)


def _given(grounds: Grounds, kind: str, folder: Path) -> Iterator[Ground]:
    with grounds.on(kind, folder) as ground:
        infras: set[str] = set()
        order = ground.order

        def noted(instance: str, infra: str = "i-one", **asked: object) -> object:
            infras.add(infra)
            return order(instance, infra, **asked)

        ground.order = noted  # type: ignore[method-assign,assignment]  # to tidy up after any test
        yield ground
        for infra in infras:
            _remove(ground, infra)
        assert ground.left() == []


def _remove(ground: Ground, infra: str) -> None:
    provider = ground.provider()
    for each in provider.machines(infra):
        provider.drop(infra, each.instance, each.ref)
    wait_until(lambda: not ground.provider().machines(infra))
    provider.clean(infra)


def _ready(ground: Ground, instance: str, infra: str = "i-one") -> str:
    ref = ground.provider().create(ground.order(instance, infra))
    wait_until(lambda: (found := machine(ground, instance, infra)) and found.standing == Standing.READY)
    return ref


def test_what_is_made_twice_is_one_machine(ground: Ground) -> None:
    first = ground.provider().create(ground.order("m1"))
    assert ground.provider().create(ground.order("m1")) == first
    assert ground.another().create(ground.order("m1")) == first
    assert [each.instance for each in ground.provider().machines("i-one")] == ["m1"]


def test_what_many_make_at_once_is_one_machine(ground: Ground) -> None:
    if ground.kind == "ec2":
        pytest.skip("moto takes no heed of client tokens, by which EC2 does this")
    with ThreadPoolExecutor(8) as pool:
        refs = set(pool.map(lambda _: ground.another().create(ground.order("m1")), range(8)))
    assert [each.ref for each in ground.provider().machines("i-one")] == list(refs)


def test_machines_made_at_once_are_different(ground: Ground) -> None:
    with ThreadPoolExecutor(3) as pool:
        refs = set(pool.map(lambda n: ground.provider().create(ground.order(f"m{n}")), range(3)))
    assert {each.ref for each in ground.provider().machines("i-one")} == refs
    assert len(refs) == 3


def test_a_machine_becomes_ready_and_has_an_address_of_its_own(ground: Ground) -> None:
    ref = _ready(ground, "m1")
    found = machine(ground, "m1")
    assert found is not None
    assert found.ref == ref
    assert found.addresses
    assert found.private


def test_machines_are_found_by_another_process(ground: Ground) -> None:
    ref = _ready(ground, "m1")
    done = ground.elsewhere("print(json.dumps([each._asdict() for each in provider.machines('i-one')]))")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["ref"], found["instance"], found["standing"]) == (ref, "m1", "ready")


def test_a_machine_whose_making_was_not_heard_of_is_found(ground: Ground) -> None:
    ground.lose_answer(ground.order("m1"))
    found = machine(ground, "m1")
    assert found is not None
    _again(ground)
    assert len(ground.provider().machines("i-one")) == 1


def _again(ground: Ground) -> None:
    if ground.kind == "hosts":  # The way to the host was another one: it is no host of the section's.
        ground.provider().drop("i-one", "m1", None)
    ground.provider().create(ground.order("m1"))


def test_what_is_dropped_is_gone_and_may_be_dropped_again(ground: Ground) -> None:
    ref = _ready(ground, "m1")
    for given in (ref, ref, None):
        ground.provider().drop("i-one", "m1", given)
        wait_until(lambda: machine(ground, "m1") is None)


def test_a_machine_is_dropped_without_its_reference(ground: Ground) -> None:
    _ready(ground, "m1")
    ground.provider().drop("i-one", "m1", None)
    wait_until(lambda: machine(ground, "m1") is None)


def test_dropping_what_is_not_there_does_nothing(ground: Ground) -> None:
    _ready(ground, "m1")
    ground.provider().drop("i-one", "m2", None)
    ground.provider().drop("i-two", "m1", None)
    assert machine(ground, "m1") is not None


def test_infrastructures_do_not_see_each_others_machines(ground: Ground) -> None:
    _ready(ground, "m1", "i-one")
    _ready(ground, "m2", "i-two")
    assert [each.instance for each in ground.provider().machines("i-one")] == ["m1"]
    assert [each.instance for each in ground.provider().machines("i-two")] == ["m2"]
    assert ground.provider().machines("i-three") == []


def test_cleaning_takes_nothing_from_others(ground: Ground) -> None:
    _ready(ground, "m1", "i-one")
    _ready(ground, "m2", "i-two")
    _remove(ground, "i-one")
    ground.provider().clean("i-one")
    found = machine(ground, "m2", "i-two")
    assert found is not None
    assert found.standing == Standing.READY


def test_cleaning_leaves_no_machine_that_came_late(ground: Ground) -> None:
    if ground.kind == "simulated":
        pytest.skip("a simulated machine that comes late is shown late, and its row waits for that")
    ground.provider().create(ground.order("m1", "i-one"))
    _ready(ground, "m2", "i-two")
    ground.provider().clean("i-one")
    wait_until(lambda: ground.provider().machines("i-one") == [])
    assert machine(ground, "m2", "i-two") is not None


def test_any_text_may_be_a_name(ground: Ground) -> None:
    provider = ground.provider()
    names = HOSTILE[:2] if ground.kind == "hosts" else HOSTILE  # There are three hosts.
    for name in names:
        provider.create(ground.order(name, name, node=name, name=name))
    for name in names:
        assert [each.instance for each in provider.machines(name)] == [name]
    provider.drop(names[0], names[0], None)
    wait_until(lambda: provider.machines(names[0]) == [])
    assert [each.instance for each in provider.machines(names[1])] == [names[1]]


def test_a_script_says_what_it_does_and_how_it_ended(runner: Ground) -> None:
    ref, told = _ready(runner, "m1"), list[bytes]()
    code = runner.provider().run(ref, "echo begun; echo wrong >&2; exit 7", told.append, 30)
    assert code == 7
    assert sorted(b"".join(told).split()) == [b"begun", b"wrong"]


def test_output_comes_while_a_script_runs(runner: Ground) -> None:
    ref, came, mark = _ready(runner, "m1"), threading.Event(), f"/tmp/shoal-{uuid4()}"
    script = (
        f"echo begun; n=0; while [ ! -e {mark} ] && [ $((n += 1)) -lt 200 ]; do sleep 0.1; done; rm {mark}"
    )
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(runner.provider().run, ref, script, lambda _: came.set(), 30)
        assert came.wait(20)
        assert runner.provider().run(ref, f"touch {mark}", lambda _: None, 30) == 0
        assert running.result(30) == 0


def test_a_script_that_takes_too_long_is_killed(runner: Ground) -> None:
    ref, told = _ready(runner, "m1"), list[bytes]()
    begun = time.monotonic()
    code = runner.provider().run(ref, "echo begun; sleep 4321", told.append, 0.5)
    assert code == 124
    assert time.monotonic() - begun < 15
    assert b"".join(told).startswith(b"begun\n")
    listed = list[bytes]()
    runner.provider().run(ref, "ps -o args 2>/dev/null || ps", listed.append, 30)
    assert b"sleep 4321" not in b"".join(listed)


def test_long_scripts_and_any_bytes_come_through(runner: Ground) -> None:
    ref, told = _ready(runner, "m1"), list[bytes]()
    long = "x" * 300_000
    script = f"cat <<'END' | wc -c\n{long}\nEND\nprintf '\\000\\377\\r\\n'"
    assert runner.provider().run(ref, script, told.append, 30) == 0
    assert b"".join(told).split(b"\n", 1)[0].strip() == b"300001"
    assert b"".join(told).endswith(b"\0\xff\r\n")


def test_what_a_script_leaves_running_holds_nobody_up(runner: Ground) -> None:
    ref = _ready(runner, "m1")
    begun = time.monotonic()
    assert runner.provider().run(ref, "sleep 60 & echo $! >pid", lambda _: None, 30) == 0
    assert time.monotonic() - begun < 20
    assert runner.provider().run(ref, 'kill -0 "$(cat pid)" && kill "$(cat pid)"', lambda _: None, 30) == 0


def test_a_script_reads_nothing(runner: Ground) -> None:
    ref, told = _ready(runner, "m1"), list[bytes]()
    assert runner.provider().run(ref, "cat; echo end", told.append, 30) == 0
    assert b"".join(told) == b"end\n"


def test_no_script_runs_where_no_machine_is(runner: Ground) -> None:
    with pytest.raises(Exception, match="m-nowhere") as caught:
        runner.provider().run("m-nowhere", "true", lambda _: None, 5)
    assert type(caught.value).__module__.startswith("shoal.")


def test_those_that_read_their_user_data_run_nothing(ground: Ground) -> None:
    provider = ground.provider()
    if provider.contextualises:
        with pytest.raises(NotImplementedError):
            provider.run("any", "true", lambda _: None, 5)


def test_a_price_that_is_said_counts(ground: Ground) -> None:
    assert ground.provider().price({**ground.resource, "price": 0.25}) == 0.25
    assert ground.provider().price({**ground.resource, "price": "1.5"}) == 1.5


def test_a_provider_that_there_is_not_is_refused(ground: Ground) -> None:
    from shoal.infra.providers.registry import provider_of

    with pytest.raises(Refused, match="no provider 'nova'"):
        provider_of("nova", {}, ground.means)
