"""The `context_template` of the contextualisation `cloudinit`: a mapping, a text of it, or a script."""

from __future__ import annotations

import email
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from shoal.infra.faults import Fault, refuse
from shoal.infra.parsing.composing import Composer, Import, Written

HEADER = "#cloud-config"
_MULTIPART = ("content-type: multipart/", "mime-version:")
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
    if text.lstrip().lower().startswith(_MULTIPART):
        return _several(text)
    if text.startswith("#!"):
        return {}, {"script": text}
    return _read(text), {}


def _several(text: str) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return the parts of a MIME message: modules of a later cloud-config stand for those of an earlier."""
    config: dict[str, Any] = {}
    scripts: dict[str, str] = {}
    for number, part in enumerate(email.message_from_string(text.lstrip()).walk(), 1):
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        body = content.decode() if isinstance(content, bytes) else ""
        if body.startswith("#!"):
            scripts[f"{number}-{Path(part.get_filename() or 'script').name}"] = body
        elif body.startswith(HEADER):
            config |= _read(body)
        else:
            advice = f"Begin it with `{HEADER}` or `#!`."
            refuse([Fault(f"Part {number} of the context template is of no kind that is known.", advice)])
    return config, scripts


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
