"""Nothing secret in an answer: values whose name says that they are, and private keys wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

HIDDEN = "(hidden)"
# How names of secrets end, small and without what joins words.
_ENDINGS = (
    *("password", "passwords", "passwd", "pass", "passphrase", "secret", "secrets", "token", "tokens"),
    *("credentials", "authdata", "secretkey", "privatekey", "clientkey", "apikey", "accesskey", "mungekey"),
)
_PRIVATE = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?(-----END \1-----|\Z)", re.DOTALL)
_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.+)", re.DOTALL)


def is_secret(name: str) -> bool:
    """Say whether a name is one that secrets have."""
    return re.sub(r"[^a-z]", "", name.lower()).endswith(_ENDINGS)


def redacted(value: Any) -> Any:
    """Return a JSON tree with its secrets hidden; a secret that a template asks for stays readable."""
    if isinstance(value, Mapping):
        return {
            name: _hidden(below) if is_secret(str(name)) else redacted(below) for name, below in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(below) for below in value]
    if not isinstance(value, str):
        return value
    # `NAME=value` is how variables of a container are written.
    if (assigned := _ASSIGNED.fullmatch(value)) and is_secret(assigned[1]):
        return f"{assigned[1]}={_hidden(assigned[2])}"
    return _PRIVATE.sub(rf"-----\1 {HIDDEN}-----", value)


def secrets_in(value: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the dotted names of what would be hidden in a mapping of this name."""
    for key, below in value.items():
        where = f"{name}.{key}"
        if isinstance(below, Mapping):
            yield from secrets_in(below, where)
        elif redacted({key: below}) != {key: below}:
            yield where


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(below) for below in value]
    is_reference = isinstance(value, str) and re.fullmatch(r"\s*\{\{[^{}]*\}\}\s*", value)
    return value if value is None or isinstance(value, bool) or is_reference else HIDDEN
