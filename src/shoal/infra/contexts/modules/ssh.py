"""Keys of OpenSSH: `ssh_authorized_keys`, `ssh_keys`, `ssh_pwauth`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.modules.accounts import default_user
from shoal.infra.contexts.sheet import Sheet, listed
from shoal.infra.contexts.shell import fed, quoted

_HALVES = {"private": ("", "0600"), "public": (".pub", "0644"), "certificate": ("-cert.pub", "0644")}


def ssh(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps for the machine's own keys, for whom it lets in, and for how."""
    for name, key in sheet.mapping(config.get("ssh_keys"), "/ssh_keys").items():
        _host_key(str(name), sheet.text(key, f"/ssh_keys/{name}"), sheet)
    keys = [str(key).strip() for key in listed(config.get("ssh_authorized_keys"), "\n")]
    if keys:
        user = default_user(config)
        text = "".join(f"{key}\n" for key in keys)
        sheet.step(f"ssh_authorized_keys {user}", fed(f"authorize {quoted(user)}", text))
    if isinstance(allowed := config.get("ssh_pwauth"), bool):
        sheet.step("ssh_pwauth", f"sshd_set PasswordAuthentication {'yes' if allowed else 'no'}\n")


def _host_key(name: str, key: str, sheet: Sheet) -> None:
    kind, _, half = name.partition("_")
    if half not in _HALVES:
        advice = "write KIND_private and KIND_public, as ed25519_private"
        sheet.wrong(f"/ssh_keys/{name}", f"{name!r} is no key of a machine", advice)
        return
    end, mode = _HALVES[half]
    text = key if key.endswith("\n") else f"{key}\n"
    path = f"/etc/ssh/ssh_host_{kind}_key{end}"
    sheet.step(f"ssh_keys {name}", fed(f"put {quoted(path)} {mode} root:root write text", text))
