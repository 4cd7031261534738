"""Logs piece by piece, what is published, costs, and an ssh configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import NotFound
from shoal.infra.office import folders
from shoal.infra.office.costs import HOUR, costs
from shoal.infra.office.outputs import ssh_config
from shoal.infra.states import State
from tests.support.infra_store import an_instance


def ready(**more: Any) -> Any:
    return an_instance("i", **({"state": State.READY} | more))


def test_a_home_keeps_its_name(tmp_path: Path) -> None:
    name = folders.named(tmp_path)
    assert folders.named(tmp_path) == name
    assert (tmp_path / folders.NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("limit", range(4, 9))
def test_a_log_is_whole_when_its_pieces_are_joined(tmp_path: Path, limit: int) -> None:
    text = "== step: größe €uro 🐟 ok\n" * 3
    path = tmp_path / "one.log"
    path.write_text(text)
    found, at = "", 0
    while True:
        piece, following = folders.read_log(path, at, limit)
        if following == at:
            break
        found, at = found + piece, following
    assert found == text


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert folders.read_log(tmp_path / "none.log", 5) == ("", 0)


def test_bytes_that_are_no_text_are_told_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_bytes(b"a\xff\xfe\n")
    assert folders.read_log(path, 0) == ("a\ufffd\ufffd\n", 4)
    path.write_bytes(b"a\xe2\x82")  # the end of a character is still to come
    assert folders.read_log(path, 0) == ("a", 1)


def test_only_what_was_published_is_handed_out(tmp_path: Path) -> None:
    below = tmp_path / "i" / "outputs" / "m" / "etc"
    below.mkdir(parents=True)
    (below / "kubeconfig").write_text("x")
    (tmp_path / "i" / "secrets.json").write_text("{}")
    (below / "link").symlink_to(tmp_path / "i" / "secrets.json")
    assert list(folders.published(tmp_path, "i")) == [("m", "etc/kubeconfig", 1)]
    assert folders.published_file(tmp_path, "i", "m", "etc/kubeconfig").read_text() == "x"
    for name in ("etc/link", "../../secrets.json", "nothing", ""):
        with pytest.raises(NotFound):
            folders.published_file(tmp_path, "i", "m", name)


def test_machines_cost_from_when_they_were_asked_for_until_they_are_gone() -> None:
    there = [
        ready(price=2.0, created=0),
        ready(price=1.0, created=0, state=State.DROPPED, ended=HOUR),
        ready(price=None, created=0, id="free"),
        ready(price=None, created=0, state=State.DROPPED, ended=HOUR),
    ]
    told = costs(there, 3 * HOUR)
    assert (told["per_hour"], told["so_far"], told["unknown"]) == (2.0, 7.0, ["free"])
    assert told["nodes"]["worker"]["instances"][there[1].id] == {"per_hour": 0.0, "so_far": 1.0}


def test_an_ssh_configuration_names_machines_that_are_ready_and_nothing_else() -> None:
    there = [
        ready(addresses=("10.0.0.1", "fd00::1"), name="lab-a"),
        ready(addresses=("-oProxyCommand=sh",), name="evil"),
        ready(addresses=("x\n  ProxyCommand sh",), name="worse"),
        ready(addresses=("10.0.0.2",), name="ill", state=State.AILING),
        ready(name="none"),
    ]
    text = ssh_config(there)
    assert [line for line in text.splitlines() if line.startswith("Host ")] == ["Host lab-a worker-1"]
    assert "HostName 10.0.0.1\n" in text
    assert "ProxyCommand" not in text
