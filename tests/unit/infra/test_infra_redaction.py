"""No answer shows a secret, and what is none stays as it is."""

from __future__ import annotations

import pytest

from shoal.infra.redaction import HIDDEN, is_secret, redacted, secrets_in


@pytest.mark.parametrize(
    "name",
    [
        *("password", "PASSWORD", "db_password", "vnc_password", "pass", "passwd", "secret", "client_secret"),
        *(
            "secret_key",
            "secretkey",
            "accesskey",
            "access_key",
            "private_key",
            "client_key",
            "api-key",
            "token",
        ),
        *("auth_data", "munge_key", "MINIO_SECRET_KEY", "dbPassword", "githubToken", "credentials"),
    ],
)
def test_what_is_named_like_a_secret_is_hidden_at_any_depth(name: str) -> None:
    assert is_secret(name)
    tree = {"a": [{name: "hush", "b": 1}], name: {"c": ["hush", {"d": "hush"}], "e": 5}}
    assert redacted(tree) == {
        "a": [{name: HIDDEN, "b": 1}],
        name: {"c": [HIDDEN, {"d": HIDDEN}], "e": HIDDEN},
    }


@pytest.mark.parametrize("name", ["key_name", "public_key", "ssh_key_data", "image_id", "keys", "secretary"])
def test_what_is_no_secret_stays(name: str) -> None:
    assert not is_secret(name)
    assert redacted({name: "value"}) == {name: "value"}


def test_a_variable_of_a_container_is_hidden_by_its_name() -> None:
    given = ["A=1", "DB_PASSWORD=hush=hush", "TOKEN={{ secret('token') }}"]
    assert redacted({"env": given}) == {
        "env": ["A=1", f"DB_PASSWORD={HIDDEN}", "TOKEN={{ secret('token') }}"]
    }


def test_a_private_key_is_hidden_wherever_it_stands() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nhush\n-----END OPENSSH PRIVATE KEY-----"
    assert redacted([f"before\n{key}\nafter"]) == [f"before\n-----OPENSSH PRIVATE KEY {HIDDEN}-----\nafter"]
    assert "hush" not in redacted("-----BEGIN PRIVATE KEY-----\nhush and no end")
    public = "-----BEGIN CERTIFICATE-----\nshown\n-----END CERTIFICATE-----"
    assert redacted(public) == public


def test_a_reference_to_a_secret_is_none() -> None:
    tree = {"password": "{{ secret('db') }}", "token": None, "secret": True}
    assert redacted(tree) == tree
    assert redacted({"password": "x{{ secret('db') }}"}) == {"password": HIDDEN}


def test_what_is_given_is_not_changed() -> None:
    tree = {"password": "hush", "list": ["SECRET=hush"]}
    redacted(tree)
    assert tree == {"password": "hush", "list": ["SECRET=hush"]}


def test_what_would_be_hidden_is_named() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nhush"
    tree = {"a": 1, "deep": {"db_password": "hush", "b": {"token": "{{ x }}"}}, "ssh": key, "secret": None}
    assert list(secrets_in(tree, "variables")) == ["variables.deep.db_password", "variables.ssh"]
