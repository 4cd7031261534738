"""The machine's name, clock and language: `hostname`, `timezone`, `locale`, `ntp`."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from shoal.infra.contexts.sheet import Sheet
from shoal.infra.contexts.shell import fed, quoted, words
from shoal.infra.templating.leaves import is_template

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def host_name(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps for the machine's name, and for its own line in /etc/hosts."""
    full = sheet.text(config["fqdn"], "/fqdn") if config.get("fqdn") else ""
    short = sheet.text(config["hostname"], "/hostname") if config.get("hostname") else full.partition(".")[0]
    if not short or config.get("preserve_hostname"):
        return
    if not (_HOST.fullmatch(short) or is_template(short)):
        sheet.wrong("/hostname", f"{short!r} is no host name", "write letters, digits and hyphens")
    sheet.step(f"hostname {short}", f"hostname_set {quoted(short)}\n")
    if config.get("manage_etc_hosts"):
        names = dict.fromkeys(name for name in (full, short) if name)
        sheet.step("manage_etc_hosts", f"hosts_add 127.0.1.1 {words(tuple(names))}\n")


def clock(config: Mapping[str, Any], sheet: Sheet) -> None:
    """Add steps for the time zone, the language and the servers of the time."""
    if config.get("timezone"):
        zone = sheet.text(config["timezone"], "/timezone")
        if zone not in _zones() and not is_template(zone):
            near = get_close_matches(zone, _zones(), 1)
            advice = f"did you mean {near[0]}?" if near else "write one as Europe/Budapest"
            sheet.wrong("/timezone", f"there is no time zone {zone!r}", advice)
        sheet.step(f"timezone {zone}", f"timezone_set {quoted(zone)}\n")
    if config.get("locale"):
        locale, file = sheet.text(config["locale"], "/locale"), config.get("locale_configfile")
        sheet.step(f"locale {locale}", f"locale_set {quoted(locale)} {quoted(file) if file else ''}\n")
    _ntp(config.get("ntp"), sheet)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zoneinfo.available_timezones()))


def _ntp(given: Any, sheet: Sheet) -> None:
    wanted = sheet.mapping(given, "/ntp")
    if not wanted or not wanted.get("enabled", True):
        return
    lines = [f"server {each} iburst\n" for each in sheet.items(wanted.get("servers"), "/ntp/servers")]
    lines += [f"pool {each} iburst\n" for each in sheet.items(wanted.get("pools"), "/ntp/pools")]
    put = fed("put /etc/chrony/conf.d/cloud-init.conf 0644 root:root write text", "".join(lines))
    sheet.step("ntp", f"packages_update\npackages_install chrony\n{put}reload chrony chronyd\n")
