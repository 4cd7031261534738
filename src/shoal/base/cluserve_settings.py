"""Cluserve's configuration, as settings of ours: `configs/config.*` and variables named CLUSERVE_*.

One base file is read (yml, yaml, json or toml, the first that is there), then the one of the environment
that CONFIGOR_ENV names, then the variables; the later goes before the earlier.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import yaml

from shoal.base.errors import InvalidSetting
from shoal.base.settings import Settings, Tree

FOLDER, ENVIRONMENT = "configs", "CONFIGOR_ENV"
ENDINGS = ("yml", "yaml", "json", "toml")
OURS = ("endpoint", "keyfile", "certfile", "domains", "sentry", "timeout", "debug")
KEYS: Mapping[str, tuple[str, ...]] = {
    "cluserve": OURS,
    "clusauth": ("endpoint",),
    "clustore": ("endpoint",),
}
ENDPOINTS = {
    "cluserve": "http://cluserve:8002",
    "clusauth": "http://clusauth:8003",
    "clustore": "http://clustore:8001",
}
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True)
class Older:
    """What an older configuration says: `tree` of our settings, where it was read, and other services."""

    tree: Tree
    files: tuple[Path, ...]
    variables: tuple[str, ...]
    others: Mapping[str, str]

    @property
    def source(self) -> str:
        """Return where it comes from, in words."""
        return ", ".join([*map(str, self.files), *self.variables])

    def check(self, settings: Settings) -> None:
        """Pass when the other services are this server.

        Raises:
            InvalidSetting: one is to be asked elsewhere, which this server does not do.
        """
        for service, endpoint in self.others.items():
            if endpoint != ENDPOINTS[service] and not _is_own(_endpoint(endpoint), settings):
                raise InvalidSetting(
                    f"{service}.endpoint is {endpoint}, but {service} is built in: nobody else is asked.",
                    hint=f"Leave it out, or name this server or {ENDPOINTS[service]}.",
                )


def read_cluserve(folder: Path, variables: Mapping[str, str]) -> Older:
    """Return the older configuration below a folder and in the environment.

    Raises:
        InvalidSetting: a file or a value cannot be used.
    """
    files = _files(folder / FOLDER, variables.get(ENVIRONMENT) or "development")
    given: dict[str, dict[str, Any]] = {section: {} for section in KEYS}
    for file in files:
        for section, values in _sections(file).items():
            given[section] |= values
    named = {f"{section}_{key}".upper(): (section, key) for section, keys in KEYS.items() for key in keys}
    used = tuple(name for name in named if variables.get(name))
    for name in used:
        section, key = named[name]
        given[section][key] = variables[name]
    others = {
        name: str(given[name]["endpoint"]) for name in ("clusauth", "clustore") if given[name].get("endpoint")
    }
    return Older(_tree(given["cluserve"]), tuple(files), used, others)


def _files(folder: Path, environment: str) -> list[Path]:
    """Return the base file and the one of the environment, where they are there and are Cluserve's."""
    found = [
        next((file for ending in ENDINGS if (file := folder / f"{name}.{ending}").is_file()), None)
        for name in ("config", f"config.{environment}")
    ]
    return [file for file in found if file is not None and KEYS.keys() & _parsed(file).keys()]


def _parsed(file: Path) -> Mapping[str, Any]:
    readers = {".json": json.loads, ".toml": tomllib.loads}
    try:
        text = file.read_text(encoding="utf-8")
        parsed = readers.get(file.suffix, yaml.safe_load)(text) or {}
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InvalidSetting(f"{file} cannot be read.", hint=str(error)[:300]) from error
    return parsed if isinstance(parsed, dict) else {}


def _sections(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for section, values in _parsed(file).items():
        if section not in KEYS or not isinstance(values, dict):
            raise InvalidSetting(f"{file} has a section {section!r}.", hint=f"There are: {', '.join(KEYS)}.")
        if unknown := sorted(map(str, values.keys() - set(KEYS[section]))):
            raise InvalidSetting(
                f"{file} has {section}.{unknown[0]}, which is not known.",
                hint=f"There are: {', '.join(KEYS[section])}.",
            )
        found[section] = {key: value for key, value in values.items() if value not in (None, "", [])}
    return found


def _tree(given: Mapping[str, Any]) -> Tree:
    tree: Tree = {}
    certificate, key = given.get("certfile"), given.get("keyfile")
    if bool(certificate) != bool(key):
        raise InvalidSetting("Of cluserve.certfile and cluserve.keyfile one is missing.", hint="Give both.")
    if certificate:
        tree |= {"tls_certificate": str(certificate), "tls_key": str(key)}
    if "endpoint" in given or certificate:
        tree |= _place(str(given.get("endpoint", ENDPOINTS["cluserve"])), tls=bool(certificate))
    if "domains" in given or "timeout" in given:
        tree["graphql"] = {"timeout": given["timeout"]} if "timeout" in given else {}
        tree["graphql"] |= {"origins": _origins(given["domains"])} if "domains" in given else {}
    if "sentry" in given:
        tree["sentry"] = str(given["sentry"])
    if "debug" in given:
        tree["debug"] = _switch(given["debug"])
    return tree


def _place(endpoint: str, *, tls: bool) -> Tree:
    """Return where to listen: a name that is not an address is what others call us, not where we are."""
    parts = _endpoint(endpoint)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    bare = host if _is_address(host) or host == "localhost" else "127.0.0.1"
    address = f"[{bare}]" if ":" in bare else bare
    tree: Tree = {"listen": (f"{address}:{port}{',tls' if tls else ''}",)}
    if bare != host:
        tree["hosts"] = (host,)
    if parts.path.strip("/"):
        tree["root_path"] = parts.path
    return tree


def _endpoint(endpoint: str) -> SplitResult:
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSetting(f"{endpoint!r} is not an endpoint.", hint="Write it like http://cluserve:8002.")
    return parts


def _origins(domains: Any) -> tuple[str, ...]:
    listed = domains.replace(",", " ").split() if isinstance(domains, str) else map(str, domains)
    named = [name.rstrip("/") for name in listed]
    if "*" in named:
        raise InvalidSetting(
            "cluserve.domains is `*`: every page that somebody reads could then act here.",
            hint="Name the domains whose pages may.",
        )
    return tuple(
        origin
        for name in named
        for origin in ((name,) if "//" in name else (f"https://{name}", f"http://{name}"))
    )


def _switch(value: Any) -> bool:
    text = str(value).lower()
    if text not in TRUE | FALSE:
        raise InvalidSetting(f"cluserve.debug is {str(value)[:40]!r}.", hint="Say true or false.")
    return text in TRUE


def _is_own(parts: SplitResult, settings: Settings) -> bool:
    own = [_endpoint(f"http://{each.partition(',')[0]}") for each in settings.listen]
    names = {*settings.hosts, "localhost", "cluserve", *(each.hostname for each in own)}
    loopback = _is_address(parts.hostname or "") and ip_address(parts.hostname or "").is_loopback
    return parts.port in {each.port for each in own} and (parts.hostname in names or loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
