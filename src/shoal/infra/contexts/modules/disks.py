"""What is mounted: `swap`, `mounts`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.sheet import Sheet
from shoal.infra.contexts.shell import quoted, words

_SIZE = re.compile(r"(\d+)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_USUAL = (None, None, "auto", "defaults,nofail", "0", "2")


def disks(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps for a file to swap to, and for each mount."""
    _swap(sheet.mapping(config.get("swap"), "/swap"), sheet)
    usual = [*(sheet.items(config.get("mount_default_fields"), "/mount_default_fields") or _USUAL)]
    for number, entry in enumerate(sheet.items(config.get("mounts"), "/mounts")):
        fields = [*entry, *usual[len(entry) :]] if isinstance(entry, list | tuple) else []
        if len(fields) != len(_USUAL) or not fields[0]:
            sheet.wrong(f"/mounts/{number}", "this is no mount", "write [DEVICE, FOLDER, TYPE, OPTIONS]")
        elif fields[1] is not None:
            sheet.step(f"mounts {fields[1]}", f"mount_add {words(fields)}\n")


def _swap(given: Mapping[str, Any], sheet: Sheet) -> None:
    size = given.get("size")
    if not given or size in (0, "0", None):
        return
    if size == "auto":
        size = given.get("maxsize") or "2G"
    found = _SIZE.fullmatch(str(size))
    if found is None:
        sheet.wrong("/swap/size", f"{size!r} is no size", "write bytes, or as 512M or 2G")
        return
    count = int(found.group(1)) * _UNITS[found.group(2).upper()]
    sheet.step("swap", f"swap_add {quoted(given.get('filename') or '/swap.img')} {count}\n")
