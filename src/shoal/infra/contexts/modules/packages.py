"""Packages: `packages`, `package_update`, `package_upgrade`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.sheet import Sheet
from shoal.infra.contexts.shell import words

_MANAGERS = ("apt", "dnf", "yum", "apk", "zypper", "pacman")


def packages(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps that bring the lists of packages up to date, upgrade what is there, and install."""
    names = _names(config.get("packages"), sheet)
    upgrade = config.get("package_upgrade") or config.get("apt_upgrade")
    if names or upgrade or config.get("package_update") or config.get("apt_update"):
        sheet.step("package_update", "packages_update\n")
    if upgrade:
        sheet.step("package_upgrade", "packages_upgrade\n")
    if names:
        sheet.step(f"packages {' '.join(names)}", f"packages_install {words(names)}\n")


def _names(given: Any, sheet: Sheet) -> list[str]:
    found: list[str] = []
    entries = [given] if isinstance(given, str) else sheet.items(given, "/packages")
    for number, entry in enumerate(entries):
        here = f"/packages/{number}"
        if isinstance(entry, Mapping):
            found += _of_managers(entry, here, sheet)
        else:
            found += _named(entry, here, sheet)
    return found


def _of_managers(entry: Mapping[str, Any], here: str, sheet: Sheet) -> list[str]:
    """Return the packages that are listed below the name of a package manager."""
    found: list[str] = []
    for manager, listed in entry.items():
        if manager not in _MANAGERS:
            advice = f"the package managers are: {', '.join(_MANAGERS)}"
            sheet.wrong(f"{here}/{manager}", f"packages of {manager!r} are not supported", advice)
            continue
        for number, each in enumerate(sheet.items(listed, f"{here}/{manager}")):
            found += _named(each, f"{here}/{manager}/{number}", sheet)
    return found


def _named(entry: Any, here: str, sheet: Sheet) -> list[str]:
    if isinstance(entry, str) and entry:
        return [entry]
    if isinstance(entry, list | tuple) and len(entry) == 2 and all(isinstance(each, str) for each in entry):
        return ["=".join(entry)]
    sheet.wrong(here, "a package must be a name or [name, version]", 'put the version into quotes, as "1.2"')
    return []
