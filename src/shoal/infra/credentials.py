"""What providers ask for, from a file that only its owner may read: Occopus' `auth_data.yaml`.

The file is read at every use, so that a changed password counts at once. Instead of a secret an entry may
name a variable of the environment (`env:NAME`) or another file (`@FILE`, relative to this one);
`text:...` is a text that begins like one of these.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shoal.infra.errors import BadCredentials
from shoal.infra.faults import Fault, choice
from shoal.infra.parsing.composing import Written
from shoal.infra.parsing.imports import Imports
from shoal.infra.redaction import is_secret

VARIABLE, NAME = "OCCOPUS_AUTH_DATA_PATH", "auth_data.yaml"
ENV, FILE, TEXT = "env:", "@", "text:"
_FORM = "Write `resource:`, below it `- type: ec2` and `  auth_data: {accesskey: ..., secretkey: ...}`."
SECTIONS = ("resource", "config_management")
# The sets of keys one of which a provider must find; what is not named here needs none.
_CLOUD = (("tenant_id", "client_id", "client_secret", "subscription_id"),)
_BROKER = (("email", "password"),)
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "ec2": (("accesskey", "secretkey"),),
    "nova": (("username", "password"), ("id", "secret")),
    "azure_vm": _CLOUD,
    "azure_aci": _CLOUD,
    "cloudbroker": _BROKER,
    "cloudsigma": _BROKER,
    "chef": (("client_name", "client_key"),),
}


def credentials_for(resource: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
    """Return what the credentials file holds for a resource, or for a section of a configuration manager.

    An entry applies when all that it names equals the section. `path` is the file; None looks where Occopus
    did. What needs no credentials may have none.

    Raises:
        BadCredentials: there are none, or two entries apply, or something cannot be read or is lacking, or
            others may read secrets.
    """
    kind = str(resource.get("type"))
    file = path or next(_usual(), None)
    if file is None or not file.is_file():
        return _nothing(kind, file)
    applying = [one for one in _entries(file) if _applies(one, resource)]
    if len(applying) > 1:
        lines = " and ".join(str(one.line) for one in applying[:2])
        raise BadCredentials(
            f"{file}: the entries in lines {lines} both apply to {kind}.",
            hint="Give one of them a key more, like `endpoint` or `name`.",
        )
    if not applying:
        return _nothing(kind, file)
    found = {name: _resolved(one, file) for name, one in applying[0].value["auth_data"].value.items()}
    _check_complete(kind, found, f"{file}:{applying[0].line}")
    return found


def _usual() -> Iterator[Path]:
    """Yield the files that are there, where Occopus looked for them."""
    given = os.environ.get(VARIABLE)
    places = [Path(given)] if given else []
    places += [Path.home() / ".occopus" / NAME, Path(NAME), Path(sys.prefix) / "etc" / "occopus" / NAME]
    return (place for place in [*places, Path("/etc/occopus") / NAME] if place.is_file())


def _nothing(kind: str, file: Path | None) -> dict[str, Any]:
    if kind not in NEEDED:
        return {}
    where = f"{file} has none" if file is not None and file.is_file() else f"there is no {file or NAME}"
    keys = ", ".join(f"{name}: ..." for name in NEEDED[kind][0])
    raise BadCredentials(
        f"{kind} needs credentials, and {where}.",
        hint=f"Write `resource:`, below it `- type: {kind}` and `  auth_data: {{{keys}}}`; chmod 600 it.",
    )


def _entries(file: Path) -> list[Written]:
    """Return all entries of the file, checked."""
    faults: list[Fault] = []
    written = Imports(file, faults).first()
    if written is None or faults or not isinstance(written.value, dict):
        first = faults[0] if faults else Fault(f"{file} is not a mapping.", _FORM)
        raise BadCredentials(str(first), hint=first.advice)
    found: list[Written] = []
    for name, section in written.value.items():
        where = f"{file}:{section.line}"
        if name not in SECTIONS:
            raise BadCredentials(f"{where}: there is no `{name}`.", hint=choice(name, SECTIONS))
        if section.value is not None and not isinstance(section.value, list):
            raise BadCredentials(f"{where}: `{name}` is not a list.", hint=_FORM)
        found += section.value or []
    for entry in found:
        _check_entry(entry, file)
    return found


def _check_entry(entry: Written, file: Path) -> None:
    data = entry.value.get("auth_data") if isinstance(entry.value, dict) else None
    if data is None or not isinstance(data.value, dict):
        raise BadCredentials(f"{file}:{entry.line}: this entry has no `auth_data`.", hint=_FORM)
    for name, one in data.value.items():
        if isinstance(one.value, dict | list):
            raise BadCredentials(f"{file}:{one.line}: `{name}` is not a text.", hint=f"Write `{name}: ...`.")
        hidden = name == "key" or (is_secret(name) and name != "accesskey")  # That one is a user's name.
        if hidden and one.value is not None and not str(one.value).startswith((ENV, FILE)):
            _check_private(Path(one.file), f"{file}:{one.line}")


def _check_private(file: Path, where: str) -> None:
    """Pass when nobody but its owner may read a file that has secrets in it."""
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise BadCredentials(
            f"{where}: others may read {file}, and it holds secrets.",
            hint=f"chmod 600 {file}, or name variables of the environment in it: `password: env:NAME`.",
        )


def _applies(entry: Written, section: Mapping[str, Any]) -> bool:
    return all(
        name == "auth_data" or str(one.value) == str(section.get(name)) for name, one in entry.value.items()
    )


def _resolved(written: Written, file: Path) -> Any:
    """Return a value, or what it refers to."""
    value, where = written.value, f"{file}:{written.line}"
    if not isinstance(value, str):
        return value
    if value.startswith(FILE):
        return _content(file.parent / Path(value.removeprefix(FILE)).expanduser(), where)
    if not value.startswith(ENV):
        return value.removeprefix(TEXT)
    name = value.removeprefix(ENV)
    if not (found := os.environ.get(name)):
        raise BadCredentials(f"{where}: the environment has no {name}.", hint="Set it for the server.")
    return found


def _content(path: Path, where: str) -> str:
    try:
        _check_private(path, where)
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCredentials(f"{where}: {path} cannot be read.", hint="Is the path right?") from error


def _check_complete(kind: str, found: Mapping[str, Any], where: str) -> None:
    ways = NEEDED.get(kind, ())
    if ways and not any(all(found.get(name) for name in way) for way in ways):
        nearest = max(ways, key=lambda way: sum(bool(found.get(name)) for name in way))
        lacking = next(name for name in nearest if not found.get(name))
        raise BadCredentials(
            f"{where}: `auth_data` of {kind} lacks `{lacking}`.", hint=f"Write `{lacking}: ...`."
        )
