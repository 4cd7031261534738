"""The `context_template` of the contextualisation `cloudinit`: a mapping, a text of it, or a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from shoal.infra.faults import Fault, refuse
from shoal.infra.parsing.composing import Composer, Import, Written

HEADER = "#cloud-config"
_LONG = 1 << 20
# YAML takes them for line ends, or for nothing at all, unless they are written as escapes.
_BREAKS = frozenset("\r\x85\u2028\u2029\ufeff")


def user_text(template: Any) -> str:
    """Return a rendered template as the text that cloud-init reads: as it is, if it is one."""
    if isinstance(template, Mapping):
        return f"{HEADER}\n{dumped(template)}"
    return str(template)


def dumped(value: Any) -> str:
    """Return plain values as YAML which reads back as exactly those."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_LONG)
    return text


def parts(template: Any) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the cloud-config and the scripts, by name, that a rendered template holds.

    Raises:
        BadDescription: it is neither.
    """
    if isinstance(template, Mapping):
        return template, {}
    text = str(template)
    if text.startswith("#!"):
        return {}, {"script": text}
    return _read(text), {}


def _read(text: str) -> Mapping[str, Any]:
    faults: list[Fault] = []
    asked = Import("", "", "the context template, filled in", 1, older=True)
    found = Composer(text, asked, faults, lambda _: None).document()
    config = _plain(found) if found else None
    if not faults and not isinstance(config, dict):
        advice = f"Begin it with `{HEADER}` and write a mapping, or begin it with `#!` if it is a script."
        faults.append(Fault("The context template is no mapping.", advice))
    refuse(faults)
    return config if isinstance(config, dict) else {}


def _plain(written: Written) -> Any:
    if isinstance(written.value, dict):
        return {key: _plain(each) for key, each in written.value.items()}
    if isinstance(written.value, list):
        return [_plain(each) for each in written.value]
    return written.value


class _Dumper(yaml.SafeDumper):
    """Show texts of several lines as such, where that reads back exactly."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represented(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS & set(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)
