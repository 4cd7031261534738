"""Groups, users and their passwords: `groups`, `users`, `user`, `password`, `chpasswd`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shoal.infra.contexts.passwords import hashed, salt_for
from shoal.infra.contexts.sheet import Sheet, listed
from shoal.infra.contexts.shell import fed, quoted, words
from shoal.infra.templating.leaves import is_template

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")
_HASH = re.compile(r"\$[0-9a-z]+\$.+|[*!].*")
_TEXTS = ("gecos", "homedir", "primary_group", "shell", "uid", "passwd", "hashed_passwd", "plain_text_passwd")
_SWITCHES = ("lock_passwd", "no_create_home", "no_user_group", "no_log_init", "system", "create_groups")
_LISTS = ("groups", "ssh_authorized_keys", "sudo", "expiredate", "inactive")
_USER = ("name", *_TEXTS, *_SWITCHES, *_LISTS)
_ADVICE = {
    "ssh_import_id": "write the keys themselves, as `ssh_authorized_keys`",
    "lock-passwd": "write `lock_passwd`",
    "ssh-authorized-keys": "write `ssh_authorized_keys`",
    "password": "write `plain_text_passwd`, or `passwd` for a hash",
}


def groups(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add a step for each group; its members are added once there are users."""
    for name, _ in _groups(config, sheet):
        sheet.step(f"groups {name}", f"group_add {quoted(name)}\n")


def users(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add a step for each user, and one for each group that has members."""
    for here, user in _users(config, sheet):
        _user(user, here, sheet)
    for name, members in _groups(config, Sheet(sheet.instance)):
        body = "".join(f"member_add {quoted(member)} {quoted(name)}\n" for member in members)
        if members:
            sheet.step(f"groups {name}: members", body)


def passwords(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add a step that sets the passwords that are listed apart from the users."""
    given = sheet.mapping(config.get("chpasswd"), "/chpasswd")
    entries = list(_listed_passwords(given, sheet))
    if config.get("password") is not None:
        if (name := _default_user(config)) is None:
            advice = "write `chpasswd: {users: [{name: NAME, password: ...}]}`"
            sheet.wrong("/password", "`password` is that of an image's own user, which is not known", advice)
        else:
            entries.append((name, sheet.text(config["password"], "/password")))
    for name, password in entries:
        sheet.step(f"passwords {name}", fed("passwords", f"{name}:{_hash(name, password, sheet)}\n"))
    if given.get("expire", True) and entries:
        sheet.step("passwords expire", "".join(f"expire {quoted(name)}\n" for name, _ in entries))


def default_user(config: Mapping[str, Any]) -> str:
    """Return whom keys are for that name nobody: the user of `user`, else root."""
    return _default_user(config) or "root"


def _default_user(config: Mapping[str, Any]) -> str | None:
    user = config.get("user")
    name = user.get("name") if isinstance(user, Mapping) else user
    return str(name) if name else None


def _groups(config: Mapping[str, Any], sheet: Sheet) -> Iterator[tuple[str, list[str]]]:
    given = config.get("groups")
    entries = listed(given) if isinstance(given, str) else [given] if isinstance(given, Mapping) else given
    for number, entry in enumerate(sheet.items(entries, "/groups")):
        pairs = entry.items() if isinstance(entry, Mapping) else [(entry, None)]
        for name, members in pairs:
            if _is_name(name, f"/groups/{number}", sheet):
                yield str(name), [str(member) for member in listed(members)]


def _users(config: Mapping[str, Any], sheet: Sheet) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if (name := _default_user(config)) is not None:
        given = config["user"] if isinstance(config["user"], Mapping) else {}
        yield "/user", {"sudo": "ALL=(ALL) NOPASSWD:ALL", "shell": "/bin/bash", **given, "name": name}
    users = config.get("users")
    for number, entry in enumerate(listed(users) if isinstance(users, str) else sheet.items(users, "/users")):
        here = f"/users/{number}"
        if isinstance(entry, Mapping):
            yield here, entry
        elif not isinstance(entry, str):
            sheet.wrong(here, "a user must be a mapping or a name", "write `- name: ...`")
        elif entry != "default":  # The image's own user, which is there or is not.
            yield here, {"name": entry}


def _user(user: Mapping[str, Any], here: str, sheet: Sheet) -> None:
    for key in user.keys() - set(_USER):
        sheet.wrong(
            f"{here}/{key}", f"a user has no `{key}`", _ADVICE.get(key, f"it has: {', '.join(_USER)}")
        )
    if not _is_name(user.get("name"), f"{here}/name", sheet):
        return
    name = str(user["name"])
    more = [str(group) for group in listed(user.get("groups"))]
    wanted = [*([str(user["primary_group"])] if user.get("primary_group") else []), *more]
    lines = [f"group_add {quoted(group)}" for group in wanted] if user.get("create_groups", True) else []
    lines += [
        "own_machine users",
        f"if ! is_there passwd {quoted(name)}; then",
        f"  if has useradd; then useradd {words(_useradd(user))}; else user_add {words(_user_add(user))}; fi",
        "fi",
        *(f"member_add {quoted(name)} {quoted(group)}" for group in more),
        *(f"sudo_add {quoted(name)} {quoted(rule)}" for rule in _sudo(user, here, sheet)),
    ]
    sheet.step(f"users {name}", "\n".join(lines) + "\n" + _secrets(user, name, here, sheet))


def _secrets(user: Mapping[str, Any], name: str, here: str, sheet: Sheet) -> str:
    """Return what sets a user's password and keys; a password counts with `lock_passwd: false` only."""
    found = ""
    if (known := user.get("hashed_passwd") or user.get("passwd")) is not None:
        text = sheet.text(known, f"{here}/passwd")
        if text and not _HASH.fullmatch(text) and not is_template(text):
            sheet.wrong(f"{here}/passwd", "`passwd` is no hash", "write `plain_text_passwd` for a password")
        found += fed("passwords", f"{name}:{text}\n")
    if (plain := user.get("plain_text_passwd")) is not None:
        text = sheet.text(plain, f"{here}/plain_text_passwd")
        found += fed("passwords", f"{name}:{_hash(name, text, sheet)}\n")
    if user.get("lock_passwd", True):
        found += f"lock {quoted(name)}\n"
    keys = [str(key).strip() for key in listed(user.get("ssh_authorized_keys"), "\n")]
    return found + (fed(f"authorize {quoted(name)}", "".join(f"{key}\n" for key in keys)) if keys else "")


def _useradd(user: Mapping[str, Any]) -> list[str]:
    options = {
        "--comment": "gecos",
        "--home-dir": "homedir",
        "--gid": "primary_group",
        "--shell": "shell",
        "--uid": "uid",
        "--expiredate": "expiredate",
        "--inactive": "inactive",
    }
    found = [
        word for option, key in options.items() if user.get(key) is not None for word in (option, user[key])
    ]
    found += ["--no-create-home" if user.get("no_create_home") or user.get("system") else "--create-home"]
    switches = {"no_user_group": "--no-user-group", "no_log_init": "--no-log-init", "system": "--system"}
    found += [word for key, word in switches.items() if user.get(key)]
    return [str(word) for word in (*found, user["name"])]


def _user_add(user: Mapping[str, Any]) -> list[str]:
    """Return what our own function takes, where there is no useradd."""
    home = "leave" if user.get("no_create_home") or user.get("system") else "create"
    keys = ("name", "uid", "gecos", "homedir", "shell", "primary_group")
    return [*("" if user.get(key) is None else str(user[key]) for key in keys), home]


def _sudo(user: Mapping[str, Any], here: str, sheet: Sheet) -> list[str]:
    given = user.get("sudo")
    if given is None or given is False:
        return []
    if given is True:
        sheet.wrong(f"{here}/sudo", "`sudo` is no rule", 'write `sudo: "ALL=(ALL) NOPASSWD:ALL"`')
        return []
    return [str(rule) for rule in listed(given, "\n")]


def _listed_passwords(given: Mapping[str, Any], sheet: Sheet) -> Iterator[tuple[str, str]]:
    lines = given.get("list")
    for number, line in enumerate(listed(lines, "\n")):
        name, colon, password = str(line).partition(":")
        if not colon:
            sheet.wrong(f"/chpasswd/list/{number}", "a line of `list` has no colon", "write NAME:PASSWORD")
        elif _is_password(password, f"/chpasswd/list/{number}", sheet):
            yield name, password
    for number, entry in enumerate(sheet.items(given.get("users"), "/chpasswd/users")):
        here = f"/chpasswd/users/{number}"
        entry = sheet.mapping(entry, here)
        if _is_name(entry.get("name"), f"{here}/name", sheet) and _is_password(
            "R" if entry.get("type") == "RANDOM" else entry.get("password"), f"{here}/password", sheet
        ):
            yield str(entry["name"]), str(entry["password"])


def _is_password(given: Any, here: str, sheet: Sheet) -> bool:
    if given in ("R", "RANDOM"):
        advice = "write \"{{ secret('NAME') }}\", which `shoal infra` keeps for you"
        sheet.wrong(here, "a random password would be known to nobody", advice)
        return False
    return bool(sheet.text(given, here))


def _hash(name: str, password: str, sheet: Sheet) -> str:
    if sheet.instance is None or _HASH.fullmatch(password):
        return password
    return hashed(password, salt_for(sheet.instance, name))


def _is_name(given: Any, here: str, sheet: Sheet) -> bool:
    if isinstance(given, str) and (_NAME.fullmatch(given) or is_template(given)):
        return True
    sheet.wrong(here, f"{given!r} is no name of a user or a group", "write letters, digits, `_`, `-` and `.`")
    return False
