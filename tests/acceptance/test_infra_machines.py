"""A house that makes machines of real processes: configured in order, published, drained, followed."""

from __future__ import annotations

import asyncio
import base64
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from shoal.base.settings import load_settings
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.secrets import FILE, Secrets
from shoal.server.house import House

PASSWORD = "{{ secret('password') }}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = load_settings(
        {"home": tmp_path_factory.mktemp("machines") / "home", "workers": 1, "infra": {"interval": 0.5}}
    )
    with House(settings) as opened:
        opened.infra.start()
        yield opened


def bundle(folder: Path, **more: Any) -> dict[str, Any]:
    """Return a master that publishes a token, and two workers that know its address."""
    token, drained = folder / "token", folder / "drained"
    master = [f"echo the password is {PASSWORD}", f"echo {PASSWORD} > {token}"]
    worker = ["echo my master is {{ getip(master) }}"]
    return {
        "description": {
            "user_id": "me",
            "infra_name": "real",
            "nodes": [
                {"name": "master", "type": "master_node"},
                {"name": "worker", "type": "worker_node", "scaling": {"min": 2, "max": 3}},
            ],
            "dependencies": [["worker", "master"]],
        },
        "definitions": {
            "master_node": [made(master, publish=[str(token)], **more)],
            "worker_node": [made(worker, drain=f"echo drained >> {drained}")],
        },
        "places": {},
    }


def made(runcmd: list[str], **more: Any) -> dict[str, Any]:
    context = {"type": "cloudinit", "context_template": {"runcmd": runcmd}}
    return {"resource": {"type": "process"}, "contextualisation": context, **more}


async def reached(house: House, infra: Infrastructure) -> Infrastructure:
    end = await house.infra.wait(infra.id, timeout=60)
    assert end.done == end.turn, end
    return end


async def of(house: House, id: str, node: str) -> list[Instance]:
    return [each for each in await house.infra.instances(id) if each.node == node]


def minders(id: str) -> list[int]:
    """Return the processes of an infrastructure's machines."""
    found = psutil.process_iter(["cmdline"])
    return [each.pid for each in found if any(f"/{id}/" in word for word in each.info["cmdline"] or ())]


def test_machines_are_configured_in_order_and_drained_before_they_go(house: House, tmp_path: Path) -> None:
    async def life() -> None:
        infra = await reached(house, await house.infra.build("me", bundle(tmp_path)))
        assert (infra.phase, infra.error) == ("ready", None)
        (master,), workers = await of(house, infra.id, "master"), await of(house, infra.id, "worker")
        for each in workers:
            log, _ = await house.infra.log(infra.id, each.id)
            assert f"my master is {master.addresses[0]}" in log
            assert each.saw == {"master": [master.id]}
        log, _ = await house.infra.log(infra.id, master.id)
        secret = (tmp_path / "token").read_text().strip()
        assert "the password is ********" in log and secret not in log and len(secret) == 32
        kept = house.home.infra / infra.id / "outputs" / master.id / str(tmp_path / "token")[1:]
        assert kept.read_text().strip() == secret
        await house.infra.destroy(infra.id)
        assert (await reached(house, infra)).phase == "destroyed"
        assert (tmp_path / "drained").read_text() == "drained\n" * 2
        assert minders(infra.id) == []

    asyncio.run(life())


def test_a_secret_is_in_its_own_file_and_in_machines_alone(house: House, tmp_path: Path) -> None:
    """Not in rows, logs of machines and attempts, what is published, or the words of any process."""
    spill = 'echo "$WORD"; echo "cannot log in with $WORD" >&2; exit 3'
    asked = bundle(tmp_path)
    files = [{"path": "/word", "content": "{{ secret('word') }}", "permissions": "0600"}]
    context = {"type": "cloudinit", "context_template": {"write_files": files, "runcmd": [spill]}}
    resource = {"type": "process", "env": {"WORD": "{{ secret('word') }}"}, "command": "sleep 600"}
    asked["definitions"]["master_node"] = [{"resource": resource, "contextualisation": context}]
    asked["description"]["policy"] = {"attempts": 2}

    async def life() -> None:
        infra = await house.infra.build("me", asked)
        kept = house.home.infra / infra.id
        seen: set[str] = set()
        while (end := await house.infra.wait(infra.id, timeout=0.1)).done < end.turn:
            seen |= {" ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])}
        word = Secrets(kept).get("word")
        assert any(infra.id in words for words in seen)
        assert not [words for words in seen if word in words]
        rows = await house.infra.instances(infra.id, gone=True)
        assert any("cannot log in with ********" in each.reason for each in rows)
        assert word not in repr([rows, end])
        holding = [path for path in house.home.path.rglob("*") if holds(path, word)]
        assert {path.relative_to(kept).parts[0] for path in holding} <= {FILE, "machines"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
        await house.infra.destroy(infra.id)
        await reached(house, end)
        house.infra.collect(1e9)
        assert not [path for path in house.home.path.rglob("*") if holds(path, word)]

    asyncio.run(life())


def holds(path: Path, word: str) -> bool:
    if not path.is_file():
        return False
    content = path.read_bytes()
    return word.encode() in content or base64.b64encode(word.encode()) in content


def test_a_script_that_fails_is_told_with_its_last_words(house: House, tmp_path: Path) -> None:
    async def life() -> None:
        broken = bundle(tmp_path)
        broken["definitions"]["worker_node"] = [made(["echo no way in >&2; exit 3"])]
        broken["description"]["policy"] = {"attempts": 1}
        infra = await reached(house, await house.infra.build("me", broken, attach=False))
        assert infra.phase == "failed" and infra.error is not None
        assert "no way in" in infra.error["message"]
        assert [each.node for each in await house.infra.instances(infra.id)] == ["master"]
        await house.infra.destroy(infra.id)
        assert (await reached(house, infra)).phase == "destroyed"

    asyncio.run(life())


async def is_followed(house: House, id: str, old: str) -> bool:
    """Say whether another master is there, and two workers that know it."""
    there = await house.infra.instances(id)
    new = [each.id for each in there if each.node == "master" and each.id != old]
    followed = [each for each in there if each.saw == {"master": new}]
    return (await house.infra.get(id)).phase == "ready" and len(new) == 1 and len(followed) == 2


def test_an_attached_cluster_heals_itself_when_a_machine_is_killed(house: House, tmp_path: Path) -> None:
    async def life() -> None:
        infra = await reached(house, await house.infra.build("me", bundle(tmp_path)))
        master, *_ = await of(house, infra.id, "master")
        for pid in minders(infra.id):
            if any(master.id in word for word in psutil.Process(pid).cmdline()):
                psutil.Process(pid).kill()
        end = asyncio.get_running_loop().time() + 90
        while not await is_followed(house, infra.id, master.id):
            if asyncio.get_running_loop().time() > end:
                told = [(each.kind, each.detail) for each in await house.infra.happenings(infra.id)]
                pytest.fail(f"{await house.infra.instances(infra.id)}\n{told}")
            await asyncio.sleep(0.2)
        await house.infra.destroy(infra.id)
        assert (await reached(house, infra)).phase == "destroyed"
        assert minders(infra.id) == []

    asyncio.run(life())
