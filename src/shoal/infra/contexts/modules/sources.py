"""Where packages come from: `apt`, `yum_repos`, and the certificates that are trusted: `ca_certs`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.sheet import Sheet, listed
from shoal.infra.contexts.shell import fed, quoted

_APT = frozenset(
    {
        *("sources", "conf", "proxy", "http_proxy", "https_proxy", "ftp_proxy", "sources_list"),
        *("debconf_selections", "preserve_sources_list"),
    }
)
_SOURCE = frozenset({"source", "key", "keyid", "keyserver", "filename", "append"})
_KEYS = "/etc/apt/cloud-init.gpg.d"
_SERVER = "hkps://keys.openpgp.org"


def sources(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps for certificates, and for each place that packages come from."""
    _certificates(config, sheet)
    apt = sheet.mapping(config.get("apt"), "/apt")
    for key in apt.keys() - _APT:
        sheet.wrong(
            f"/apt/{key}", f"`{key}` of `apt` is not supported", f"there are: {', '.join(sorted(_APT))}"
        )
    _configuration(apt, sheet)
    if apt.get("sources_list"):
        text = sheet.text(apt["sources_list"], "/apt/sources_list")
        sheet.step("apt sources_list", fed("apt_source /etc/apt/sources.list write", text))
    for name, entry in sheet.mapping(apt.get("sources"), "/apt/sources").items():
        _source(str(name), sheet.mapping(entry, f"/apt/sources/{name}"), sheet)
    for name, entry in sheet.mapping(config.get("yum_repos"), "/yum_repos").items():
        _repository(str(name), sheet.mapping(entry, f"/yum_repos/{name}"), sheet)


def _configuration(apt: Mapping[str, Any], sheet: Sheet) -> None:
    proxies = {"http": apt.get("http_proxy") or apt.get("proxy")}
    proxies |= {scheme: apt.get(f"{scheme}_proxy") for scheme in ("https", "ftp")}
    lines = [f'Acquire::{scheme}::Proxy "{address}";\n' for scheme, address in proxies.items() if address]
    if lines:
        path = "/etc/apt/apt.conf.d/90cloud-init-aptproxy"
        sheet.step("apt proxy", fed(f"put {path} 0644 root:root write text", "".join(lines)))
    if apt.get("conf"):
        text = sheet.text(apt["conf"], "/apt/conf")
        path = "/etc/apt/apt.conf.d/94cloud-init-config"
        sheet.step("apt conf", fed(f"put {path} 0644 root:root write text", f"{text.rstrip()}\n"))
    for name, text in sheet.mapping(apt.get("debconf_selections"), "/apt/debconf_selections").items():
        sheet.step(f"apt debconf_selections {name}", fed("debconf-set-selections", f"{str(text).rstrip()}\n"))


def _source(name: str, entry: Mapping[str, Any], sheet: Sheet) -> None:
    here = f"/apt/sources/{name}"
    for key in entry.keys() - _SOURCE:
        sheet.wrong(f"{here}/{key}", f"a source has no `{key}`", f"it has: {', '.join(sorted(_SOURCE))}")
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", str(entry.get("filename") or name)).removesuffix(".list")
    source = str(entry.get("source") or "")
    if source.startswith("ppa:"):
        advice = "write the `deb` line of the archive, with its `key`"
        sheet.wrong(f"{here}/source", "`ppa:` is not supported", advice)
    apart = "$KEY_FILE" in source
    path = f"{_KEYS}/{plain}.asc" if apart else f"/etc/apt/trusted.gpg.d/{plain}.asc"
    body = f"mkdir -p {quoted(path.rpartition('/')[0])}\n"
    if entry.get("key"):
        body += fed(f"put {quoted(path)} 0644 root:root write text", f"{str(entry['key']).strip()}\n")
    elif entry.get("keyid"):
        body += (
            f"apt_key {quoted(path)} {quoted(entry['keyid'])} {quoted(entry.get('keyserver') or _SERVER)}\n"
        )
    if source:
        file = quoted(f"/etc/apt/sources.list.d/{plain}.list")
        body += fed(f"apt_source {file} write", f"{source.replace('$KEY_FILE', path).strip()}\n")
    sheet.step(f"apt sources {name}", body)


def _repository(name: str, entry: Mapping[str, Any], sheet: Sheet) -> None:
    lines = "".join(f"{key}={_yum(value)}\n" for key, value in entry.items())
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    put = f"put {quoted(f'/etc/yum.repos.d/{plain}.repo')} 0644 root:root write text"
    sheet.step(f"yum_repos {name}", fed(put, f"[{plain}]\n{lines}"))


def _yum(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "\n    ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _certificates(config: Mapping[str, Any], sheet: Sheet) -> None:
    key = "ca_certs" if "ca_certs" in config else "ca-certs"
    given = sheet.mapping(config.get(key), f"/{key}")
    trusted = listed(given.get("trusted"), "\0")
    body = "".join(
        fed(
            f"put /usr/local/share/ca-certificates/cloud-init-ca-cert-{number}.crt 0644 root:root write text",
            f"{str(text).strip()}\n",
        )
        for number, text in enumerate(trusted, 1)
    )
    if trusted:
        sheet.step(f"ca_certs ({len(trusted)})", f"{body}certificates_renew\n")
