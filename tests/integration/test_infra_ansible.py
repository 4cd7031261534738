"""Playbooks, run by Ansible through the provider that made a machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shoal.base.errors import Unavailable
from shoal.infra.configuring.ansible import configure
from shoal.infra.configuring.channel import Run
from shoal.infra.contexts.contextualising import contextualised
from shoal.infra.errors import BadDescription
from shoal.infra.model import Implementation
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.renderer import Renderer
from tests.support.sshd import running_sshd

FACTS = Facts(
    constants={
        "infra_name": "mine",
        "infra_id": "i",
        "name": "my-worker",
        "node_id": "w1",
        "machine_name": "m-1",
    },
    variables={"greeting": "hello"},
    nodes={
        "my-worker": [],
        "master": [{"id": "m1", "addresses": ["10.0.0.1"], "private": None, "created": 1}],
    },
    own={"id": "w1", "addresses": ["127.0.0.1"], "private": None},
)
INTERPRETER = {"ansible_python_interpreter": sys.executable}


def machine(folder: Path) -> Run:
    """Stand for a provider's machine: scripts are run in a folder by a shell that reads them."""

    def run(script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        done = subprocess.run(
            ["sh", "-s"],
            input=script.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            cwd=folder,
        )
        tell(done.stdout)
        return done.returncode

    return run


def section(playbook: Any, **more: Any) -> dict[str, Any]:
    return {"type": "ansible", "playbook": playbook, "variables": INTERPRETER, **more}


def test_a_playbook_changes_what_is_not_so_and_nothing_twice(tmp_path: Path) -> None:
    tasks = [
        {"template": {"src": "text.j2", "dest": f"{tmp_path}/made"}},
        {"command": {"cmd": f"cat {tmp_path}/made"}, "changed_when": False, "check_mode": False},
    ]
    plays = [{"hosts": "my_worker", "gather_facts": False, "tasks": tasks}]
    text = "{{ greeting }} {{ node }} {{ hostvars[groups['master'][0]].ansible_host }}\n"
    given = section(plays, files={"text.j2": text})
    said = bytearray()
    assert configure(given, FACTS, machine(tmp_path), said.extend).changed == 1
    assert (tmp_path / "made").read_text() == "hello my-worker 10.0.0.1\n"
    assert b"PLAY RECAP" in said
    assert configure(given, FACTS, machine(tmp_path), said.extend).changed == 0
    (tmp_path / "made").write_text("drifted\n")
    said.clear()
    assert configure(given, FACTS, machine(tmp_path), said.extend, check=True).changed == 1
    assert b"-drifted" in said
    assert (tmp_path / "made").read_text() == "drifted\n"


def test_a_task_that_fails_is_named_with_what_it_says(tmp_path: Path) -> None:
    text = "- hosts: all\n  gather_facts: no\n  tasks:\n    - name: look\n      command: cat /no/such/file\n"
    with pytest.raises(Unavailable, match=r"at the task 'look': .*No such file"):
        configure(section(text), FACTS, machine(tmp_path), bytearray().extend)


def test_commands_of_a_playbook_cannot_reach_what_the_orchestrator_keeps(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    task = {"command": {"argv": ["sh", "-c", f"cat {tmp_path}/secret; touch {tmp_path}/made; true"]}}
    plays = [
        {
            "hosts": "all",
            "gather_facts": False,
            "tasks": [{**task, "delegate_to": "localhost", "register": "x"}],
        }
    ]
    plays[0]["tasks"].append({"debug": {"var": "x.stdout"}})  # type: ignore[attr-defined]
    said = bytearray()
    configure(section(plays), FACTS, machine(tmp_path), said.extend)
    assert b'"x.stdout": ""' in said
    assert not (tmp_path / "made").exists()


def test_a_playbook_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    text = "- hosts: all\n  gather_facts: no\n  tasks: [{raw: sleep 60}]\n"
    with pytest.raises(Unavailable, match="longer than 3 s"):
        configure(section(text, timeout=3), FACTS, machine(tmp_path), bytearray().extend)


def test_a_cloud_is_reached_by_ssh_with_the_key_that_it_was_given(tmp_path: Path) -> None:
    with running_sshd() as host:
        entry = {
            "ansible_user": host.entry["user"],
            "ansible_port": host.port,
            "ansible_ssh_private_key": host.key.read_text(),
        }
        text = f"- hosts: all\n  gather_facts: no\n  tasks: [{{raw: touch {tmp_path}/made}}]\n"
        given = section(text, variables={**INTERPRETER, **entry})
        assert configure(given, FACTS, None, bytearray().extend).changed == 1
    assert (tmp_path / "made").exists()


def test_a_file_cannot_lie_outside(tmp_path: Path) -> None:
    with pytest.raises(BadDescription, match="cannot be called"):
        configure(section("[]", files={"../x": ""}), FACTS, machine(tmp_path), bytearray().extend)


def test_ansibles_own_templates_are_left_alone() -> None:
    text = "- hosts: all\n  tasks: [{debug: {msg: '{{ ansible_hostname }}'}}]\n"
    made = Implementation({"type": "hosts"}, config_management=section(text, variables={"a": "{{ name }}"}))
    with Renderer() as renderer:
        found = contextualised(made, FACTS, renderer).config_management
    assert found is not None
    assert (found["playbook"], found["variables"]) == (text, {"a": "my-worker"})
