"""Cloud-configs become user data within limits, or steps of a program; what cannot be done is named."""

from __future__ import annotations

import base64
import gzip
import random
import subprocess
from collections.abc import Iterator
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from time import process_time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.infra.contexts.checking import wrong_in_implementation
from shoal.infra.contexts.cloud_config import dumped, parts, user_text
from shoal.infra.contexts.contextualising import Contextualised, contextualised
from shoal.infra.contexts.health import health_of
from shoal.infra.contexts.known import DONE
from shoal.infra.contexts.passwords import hashed
from shoal.infra.contexts.program import compiled, program
from shoal.infra.errors import BadDescription
from shoal.infra.model import Database, Health, Implementation
from shoal.infra.templating.check import Scope
from shoal.infra.templating.facts import Facts
from shoal.infra.templating.renderer import Renderer

FACTS = Facts(
    constants={"infra_name": "mine", "infra_id": "i", "name": "worker", "node_id": "n", "user_id": "me"},
    variables={"image": "debian", "lines": "one\n\ntwo\n"},
    nodes={"master": [{"id": "m1", "addresses": ["10.0.0.1"], "private": None, "created": 1}]},
)
SCOPE = Scope("worker", FACTS.variables, frozenset({"worker", "master"}), frozenset({"master"}))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as made:
        yield made


def cloudinit(template: Any, provider: str = "docker") -> Implementation:
    context = {"type": "cloudinit", "context_template": template}
    return Implementation({"type": provider, "image": "{{ variables.image }}"}, context)


def mode_of(permissions: object) -> dict[str, Any]:
    return {"write_files": [{"path": "/x", "permissions": permissions}]}


def faults_of(config: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(fault.pointer, fault.message, fault.advice) for fault in compiled(config, {}, "i").faults]


def steps_of(config: dict[str, Any]) -> list[str]:
    sheet = compiled(config, {}, "i")
    assert sheet.faults == []
    return [step.name for step in sheet.steps]


def test_resource_and_user_data_are_filled_in(renderer: Renderer) -> None:
    template = {"runcmd": ["join {{ getip(master) }}"], "write_files": [{"content": "{{ variables.lines }}"}]}
    made = contextualised(cloudinit(template, "ec2"), FACTS, renderer)
    assert made.resource == {"type": "ec2", "image": "debian"}
    assert made.user_data.startswith(b"#cloud-config\n")
    filled = {"runcmd": ["join 10.0.0.1"], "write_files": [{"content": "one\n\ntwo\n"}]}
    assert yaml.safe_load(made.user_data) == filled
    assert made.saw == {"master": ["m1"]}
    assert made.script == ""


def test_a_text_is_user_data_as_it_is(renderer: Renderer) -> None:
    text = "#!/bin/bash\r\necho {{ name }}  \n\n"
    made = contextualised(cloudinit(text, "ec2"), FACTS, renderer)
    assert made.user_data == b"#!/bin/bash\r\necho worker  \n\n"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_user_data_read_back_exactly(value: dict[str, Any]) -> None:
    assert yaml.safe_load(dumped(value)) == value


@pytest.mark.parametrize(("length", "packed"), [(16000, False), (17000, True)])
def test_user_data_over_the_limit_are_compressed(renderer: Renderer, length: int, packed: bool) -> None:
    text = "#!/bin/sh\n" + "#" * length
    data = contextualised(cloudinit(text, "ec2"), FACTS, renderer).user_data
    assert (gzip.decompress(data) if packed else data) == text.encode()
    assert len(data) <= 16384


def test_user_data_that_are_too_long_even_so_are_refused(renderer: Renderer) -> None:
    text = "#!/bin/sh\n" + base64.b64encode(random.Random(1).randbytes(20000)).decode()
    with pytest.raises(BadDescription, match=r"compressed; ec2 takes 16384"):
        contextualised(cloudinit(text, "ec2"), FACTS, renderer)


def test_a_container_gets_its_variables_and_its_command(renderer: Renderer) -> None:
    context = {
        "type": "docker",
        "context_variables": {"greeting": "hello {{ name }}"},
        "env": ["WORDS={{ greeting }}", "B64={{ greeting | b64encode }}"],
        "command": "sh -c 'echo {{ getip(\"master\") }}'",
    }
    made = contextualised(Implementation({"type": "docker"}, context), FACTS, renderer)
    assert made.env == ("WORDS=hello worker", "B64=aGVsbG8gd29ya2Vy")
    assert made.command == ("sh", "-c", "echo 10.0.0.1")
    assert wrong_in_implementation(Implementation({"type": "docker"}, context), SCOPE) == []


def test_without_contextualisation_there_is_nothing_to_run(renderer: Renderer) -> None:
    made = contextualised(Implementation({"type": "hosts"}), FACTS, renderer)
    assert made == Contextualised({"type": "hosts"})


def test_a_health_check_knows_its_machines_address(renderer: Renderer) -> None:
    health = Health(
        urls=("http://{{ ip }}:80/{{ name }}",), mysqldbs=(Database("d", "u", "{{ variables.image }}"),)
    )
    facts = Facts(FACTS.constants, FACTS.variables, own={"addresses": ["10.1.1.1"]})
    filled = health_of(health, facts, renderer)
    assert filled.urls == ("http://10.1.1.1:80/worker",)
    assert filled.mysqldbs == (Database("d", "u", "debian"),)


def test_modules_come_in_cloud_inits_order() -> None:
    config = {
        "runcmd": ["true"],
        "packages": ["one", ["two", "1.0"], {"apt": ["three"]}],
        "users": ["default", {"name": "bob"}],
        "write_files": [{"path": "/late", "defer": True}, {"path": "/early"}],
        "bootcmd": [["echo", "x"]],
        "timezone": "Europe/Budapest",
        "growpart": {"mode": "auto"},
    }
    assert steps_of(config) == [
        "bootcmd (1)",
        "write_files /early",
        "users bob",
        "timezone Europe/Budapest",
        "package_update",
        "packages one two=1.0 three",
        "write_files /late",
        "runcmd (1)",
    ]


@pytest.mark.parametrize(
    ("config", "pointer", "said", "advised"),
    [
        ({"runcmds": ["x"]}, "/runcmds", "no module `runcmds`", "`runcmd`"),
        ({"snap": {}}, "/snap", "not supported", "`runcmd`"),
        ({"ansible": {}}, "/ansible", "not supported", "config_management"),
        ({"power_state": {}}, "/power_state", "not supported", "leave it out"),
        ({"runcmd": "x"}, "/runcmd", "must be a list", "- "),
        ({"runcmd": [{"a": 1}]}, "/runcmd/0", "text or a list", "quotes"),
        ({"runcmd": ["ok", ["a", True]]}, "/runcmd/1", "text or a list", "quotes"),
        ({"write_files": [{"path": "etc/x"}]}, "/write_files/0/path", "not absolute", "/"),
        ({"write_files": [{"path": "/x", "mode": 1}]}, "/write_files/0/mode", "no `mode`", "permissions"),
        (
            {"write_files": [{"path": "/x", "permissions": 644}]},
            "/write_files/0/permissions",
            "644",
            '"0644"',
        ),
        (
            {"write_files": [{"path": "/x", "permissions": "rw"}]},
            "/write_files/0/permissions",
            "rw",
            '"0644"',
        ),
        ({"write_files": [{"path": "/x", "encoding": "zip"}]}, "/write_files/0/encoding", "zip", "gz+b64"),
        (
            {"write_files": [{"path": "/x", "encoding": "b64", "content": "no base"}]},
            "/write_files/0/content",
            "not what its encoding",
            "only when",
        ),
        ({"timezone": "Europa/Budapest"}, "/timezone", "Europa/Budapest", "Europe/Budapest"),
        ({"users": [{"name": "bob", "passwd": "plain"}]}, "/users/0/passwd", "no hash", "plain_text_passwd"),
        ({"users": [{"name": "a b"}]}, "/users/0/name", "no name", "letters"),
        ({"users": [{"name": "bob", "sudo": True}]}, "/users/0/sudo", "no rule", "NOPASSWD"),
        ({"users": [{"name": "b", "ssh_import_id": "x"}]}, "/users/0/ssh_import_id", "no `ssh", "authorized"),
        ({"password": "x"}, "/password", "image's own user", "chpasswd"),
        ({"chpasswd": {"list": "bob:RANDOM"}}, "/chpasswd/list/0", "random", "secret("),
        ({"packages": [1]}, "/packages/0", "name or [name, version]", "quotes"),
        ({"packages": [{"snap": ["x"]}]}, "/packages/0/snap", "not supported", "apt"),
        ({"apt": {"sources": {"x": {"source": "ppa:a/b"}}}}, "/apt/sources/x/source", "ppa", "deb"),
        ({"swap": {"size": "big"}}, "/swap/size", "no size", "2G"),
        ({"mounts": [["/dev/x"], []]}, "/mounts/1", "no mount", "DEVICE"),
        ({"hostname": "a_b"}, "/hostname", "no host name", "hyphens"),
        ({"shoal": {"on_failure": "ignore"}}, "/shoal", "failing", "continue"),
    ],
)
def test_what_a_machine_cannot_do_is_named(
    config: dict[str, Any], pointer: str, said: str, advised: str
) -> None:
    found = faults_of(config)
    assert [fault[0] for fault in found] == [pointer]
    assert said.lower() in found[0][1].lower()
    assert advised.lower() in found[0][2].lower()


def test_modules_are_checked_before_anything_is_touched() -> None:
    wrong = {"runcmd": ["x {{ variables.imag }}"], "pakages": ["x"]}
    found = {each.path: each.advice for each in wrong_in_implementation(cloudinit(wrong), SCOPE)}
    place = ("contextualisation", "context_template")
    assert found == {
        (*place, "runcmd", 0): "Did you mean `image`?",
        (*place, "pakages"): "Did you mean `packages`?",
    }


WORDS = st.sampled_from(
    [
        *("name", "path", "content", "encoding", "permissions", "owner", "source", "uri", "sources", "key"),
        *("list", "users", "password", "groups", "sudo", "passwd", "servers", "size", "filename", "trusted"),
        *("enabled", "expire", "ssh_authorized_keys", "apt", "on_failure", "headers", "conf", "defer"),
    ]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("b64"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(DONE)), ODD, min_size=1, max_size=4))
def test_whatever_is_written_becomes_steps_or_faults(config: dict[str, Any]) -> None:
    sheet = compiled(config, {}, "i")
    if not sheet.faults:
        done = subprocess.run(["sh", "-n"], input=program(sheet.steps, "i").encode("utf-8", "replace"))
        assert done.returncode == 0


def test_looking_at_modules_takes_no_time() -> None:
    bomb = base64.b64encode(gzip.compress(bytes(60 << 20))).decode()
    config = {
        "write_files": [{"path": "/x", "content": bomb, "encoding": "gz+b64"}] * 20,
        "chpasswd": {"users": [{"name": "bob", "password": "x"}] * 500},
    }
    begun = process_time()
    assert wrong_in_implementation(cloudinit(config), SCOPE) == []
    assert process_time() - begun < 1


def test_clouds_may_be_told_of_modules_that_only_cloud_init_knows() -> None:
    assert wrong_in_implementation(cloudinit({"snap": {}, "some_new_thing": 1}, "ec2"), SCOPE) == []
    (wrong,) = wrong_in_implementation(cloudinit({"runcmds": ["x"]}, "ec2"), SCOPE)
    assert "`runcmd`" in wrong.advice


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("#cloud-config\na: 1\n", True),
        ("#!/bin/sh\n", True),
        ("{{ name }}\n", True),
        ("runcmd: [x]\n", False),
    ],
)
def test_clouds_are_given_texts_that_cloud_init_reads(text: str, right: bool) -> None:
    assert [wrong.advice for wrong in wrong_in_implementation(cloudinit(text, "ec2"), SCOPE)] == (
        [] if right else ["Begin it with `#cloud-config`, or with `#!` if it is a script."]
    )


def test_a_text_that_is_neither_a_mapping_nor_a_script_is_refused() -> None:
    with pytest.raises(BadDescription, match="no mapping"):
        parts("#cloud-config\n- a\n")
    with pytest.raises(BadDescription) as caught:
        parts("#cloud-config\nruncmd:\n  - 'x\n")
    assert caught.value.details["faults"][0]["line"] is not None
    assert parts(user_text({"runcmd": ["a: b"]})) == ({"runcmd": ["a: b"]}, {})


def test_user_data_of_several_parts_are_taken_apart() -> None:
    message = MIMEMultipart()
    message.attach(MIMEText("#cloud-config\nruncmd: [one]\npackages: [a]\n", "cloud-config"))
    message.attach(MIMEText("#cloud-config\nruncmd: [two ü]\n", "cloud-config"))
    script = MIMEText("#!/bin/sh\necho x\n", "x-shellscript")
    script.add_header("Content-Disposition", "attachment", filename="../up.sh")
    message.attach(script)
    config, scripts = parts(message.as_string())
    assert config == {"runcmd": ["two ü"], "packages": ["a"]}
    assert scripts == {"4-up.sh": "#!/bin/sh\necho x\n"}
    message.attach(MIMEText("what is this", "plain"))
    with pytest.raises(BadDescription, match="Part 5"):
        parts(message.as_string())


def test_passwords_are_hashed_as_crypt_does() -> None:
    for password, salt in (("Hello world!", "saltstring"), ("x" * 100, "abcdefgh12345678"), ("ü", "./")):
        words = ["openssl", "passwd", "-6", "-salt", salt, password]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert hashed(password, salt) == done.stdout.strip()


def test_names_of_steps_hold_whole_words_or_none_of_them() -> None:
    word = "0123456789" * 3
    for start in range(30, 80):
        sheet = compiled({"packages": ["x" * start, word]}, {}, "i")
        assert ("0" in sheet.steps[-1].name) == (word in sheet.steps[-1].name)
    script = program(compiled({"runcmd": [f"echo {'x' * 40} {word}"]}, {}, "i").steps, "i")
    assert script.count("0123") == 3
    assert "begins 'runcmd 1/1: echo xxx" in script


def test_no_password_stands_in_a_program() -> None:
    config = {
        "users": [{"name": "bob", "plain_text_passwd": "very-plain-1"}],
        "chpasswd": {"list": "bob:very-plain-2", "users": [{"name": "bob", "password": "very-plain-3"}]},
    }
    sheet = compiled(config, {}, "i")
    assert sheet.faults == []
    assert "very-plain" not in program(sheet.steps, "i")
    assert program(sheet.steps, "i") == program(compiled(config, {}, "i").steps, "i")
