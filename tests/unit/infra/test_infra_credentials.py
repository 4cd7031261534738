"""Credentials: who gets which, what may stand in the file, and who may read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shoal.infra.credentials import credentials_for
from shoal.infra.errors import BadCredentials

Write = Callable[..., Path]
EC2 = {"type": "ec2", "regionname": "eu-west-1"}
NOVA = {"type": "nova", "endpoint": "https://a"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str, name: str = "auth_data.yaml", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return make


@pytest.fixture(autouse=True)
def nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OCCOPUS_AUTH_DATA_PATH", raising=False)
    monkeypatch.chdir(tmp_path)


def entry(section: str, data: str) -> str:
    keys = "".join(f"      {line}\n" for line in section.split(", "))
    return f"resource:\n    -\n{keys}      auth_data: {{{data}}}\n"


def refused(section: dict[str, Any], path: Path | None) -> str:
    with pytest.raises(BadCredentials) as raised:
        credentials_for(section, path)
    assert raised.value.hint
    return str(raised.value)


@pytest.mark.parametrize(
    ("section", "data"),
    [
        ({"type": "ec2"}, {"accesskey": "a", "secretkey": "s"}),
        ({"type": "nova"}, {"username": "u", "password": "p"}),
        ({"type": "nova"}, {"type": "application_credential", "id": "i", "secret": "s"}),
        (
            {"type": "azure_vm"},
            {"tenant_id": "t", "client_id": "c", "client_secret": "s", "subscription_id": "n"},
        ),
        (
            {"type": "azure_aci"},
            {"tenant_id": "t", "client_id": "c", "client_secret": "s", "subscription_id": "n"},
        ),
        ({"type": "cloudbroker"}, {"email": "e", "password": "p"}),
        ({"type": "cloudsigma"}, {"email": "e", "password": "p"}),
        ({"type": "chef"}, {"client_name": "n", "client_key": "k"}),
        ({"type": "hosts"}, {"user": "root", "password": "p"}),
    ],
)
def test_each_documented_form_is_read_and_each_of_its_keys_is_needed(
    write: Write, section: dict[str, Any], data: dict[str, str]
) -> None:
    def file(keys: dict[str, str]) -> Path:
        text = ", ".join(f"{name}: {value}" for name, value in keys.items())
        name = "config_management" if section["type"] == "chef" else "resource"
        return write(entry(f"type: {section['type']}", text).replace("resource", name))

    assert credentials_for(section, file(data)) == data
    if section["type"] != "hosts":
        for name in data.keys() - {"type"}:
            lacking = {key: value for key, value in data.items() if key != name} | {"other": "1"}
            assert "lacks `" in refused(section, file(lacking))


def test_an_entry_applies_when_all_that_it_names_equals_the_section(write: Write) -> None:
    text = entry("type: nova, endpoint: https://a", "username: a, password: a")
    text += entry("type: nova, endpoint: https://b", "username: b, password: b").removeprefix("resource:\n")
    file = write(text)
    assert credentials_for(NOVA, file)["username"] == "a"
    assert credentials_for(NOVA | {"endpoint": "https://b"}, file)["username"] == "b"
    assert "nova needs credentials" in refused(NOVA | {"endpoint": "https://c"}, file)


def test_two_entries_that_apply_are_an_error_with_both_lines(write: Write) -> None:
    text = entry("type: nova", "username: a, password: a")
    text += entry("endpoint: https://a", "username: b, password: b").removeprefix("resource:\n")
    assert "lines 3 and 6 both apply to nova" in refused(NOVA, write(text))


@pytest.mark.parametrize("kind", ["docker", "process", "simulated", "hosts"])
def test_what_needs_no_credentials_may_have_none(write: Write, kind: str) -> None:
    for path in (None, Path("nowhere.yaml"), write(entry("type: ec2", "accesskey: a, secretkey: s"))):
        assert credentials_for({"type": kind}, path) == {}


def test_a_missing_file_is_told_only_to_who_needs_it(tmp_path: Path) -> None:
    assert "there is no auth_data.yaml" in refused(EC2, None)
    assert f"there is no {tmp_path / 'x'}" in refused(EC2, tmp_path / "x")


def test_the_known_places_are_looked_at_in_order(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place(path: Path, name: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entry("type: ec2", f"accesskey: {name}, secretkey: s"))
        path.chmod(0o600)
        return path

    place(tmp_path / "auth_data.yaml", "here")
    assert credentials_for(EC2, None)["accesskey"] == "here"
    place(tmp_path / "home" / ".occopus" / "auth_data.yaml", "home")
    assert credentials_for(EC2, None)["accesskey"] == "home"
    monkeypatch.setenv("OCCOPUS_AUTH_DATA_PATH", str(place(tmp_path / "other.yaml", "named")))
    assert credentials_for(EC2, None)["accesskey"] == "named"
    assert credentials_for(EC2, place(tmp_path / "given.yaml", "given"))["accesskey"] == "given"


def test_the_file_is_read_again_at_every_use(write: Write) -> None:
    for name in ("a", "b"):
        file = write(entry("type: ec2", f"accesskey: {name}, secretkey: s"))
        assert credentials_for(EC2, file)["accesskey"] == name


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
def test_a_file_with_secrets_that_others_may_read_is_refused(write: Write, mode: int) -> None:
    file = write(entry("type: ec2", "accesskey: a, secretkey: hush"), mode=mode)
    told = refused(EC2, file)
    assert "others may read" in told and f"chmod 600 {file}" in told and "hush" not in told
    told = refused({"type": "docker"}, file)
    assert "others may read" in told


def test_a_file_that_only_refers_to_secrets_may_be_read_by_all(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SECRET", "from the environment")
    file = write(entry("type: ec2", "accesskey: me, secretkey: 'env:MY_SECRET'"), mode=0o644)
    assert credentials_for(EC2, file) == {"accesskey": "me", "secretkey": "from the environment"}
    monkeypatch.delenv("MY_SECRET")
    assert "the environment has no MY_SECRET" in refused(EC2, file)


def test_a_secret_may_be_in_a_file_of_its_own(write: Write) -> None:
    write("one\ntwo\n", "key.pem")
    file = write(entry("type: ec2", "accesskey: me, secretkey: '@key.pem'"), mode=0o644)
    assert credentials_for(EC2, file)["secretkey"] == "one\ntwo"
    write("one\n", "key.pem", mode=0o644)
    assert "others may read" in refused(EC2, file)
    (file.parent / "key.pem").unlink()
    assert "key.pem cannot be read" in refused(EC2, file)


def test_an_imported_secret_must_not_be_readable_by_others(write: Write) -> None:
    text = "config_management:\n  - type: chef\n    auth_data:\n      client_name: me\n"
    text += "      client_key: !text_import {url: file://client.pem}\n"
    write("a key\n", "client.pem")
    assert credentials_for({"type": "chef"}, write(text))["client_key"] == "a key\n"
    write("a key\n", "client.pem", mode=0o644)
    assert "client.pem, and it holds secrets" in refused({"type": "chef"}, write(text))


def test_a_text_that_begins_like_a_reference_can_be_written(write: Write) -> None:
    file = write(entry("type: ec2", "accesskey: 'text:@a', secretkey: 'text:env:b'"))
    assert credentials_for(EC2, file) == {"accesskey": "@a", "secretkey": "env:b"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "is not a mapping"),
        ("resources: []\n", "there is no `resources`"),
        ("resource: {type: ec2}\n", "`resource` is not a list"),
        ("resource:\n  - type: ec2\n", ":2: this entry has no `auth_data`"),
        ("resource:\n  - nothing\n", ":2: this entry has no `auth_data`"),
        ("resource:\n  - auth_data: {secretkey: {a: b}}\n", ":2: `secretkey` is not a text"),
        ("resource:\n  - 'open\n", "A quote is not closed"),
        ("resource: !!python/object/apply:os.system [x]\n", "is not known here"),
        ("", "There is nothing in it"),
    ],
)
def test_a_malformed_file_is_told_with_its_line(write: Write, text: str, told: str) -> None:
    assert told in refused(EC2, write(text))


def test_no_error_tells_a_secret(write: Write) -> None:
    data = "accesskey: hush1, secretkey: , password: hush2"
    assert "hush" not in refused(EC2, write(entry("type: ec2", data)))
    text = entry("type: ec2", "accesskey: hush1, secretkey: hush2")
    both = text + text.removeprefix("resource:\n")
    assert "hush" not in refused(EC2, write(both))
