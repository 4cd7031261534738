"""Files: `write_files`."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

from shoal.infra.contexts.sheet import Sheet
from shoal.infra.contexts.shell import fed, quoted
from shoal.infra.templating.leaves import is_template

_ENTRY = ("path", "content", "encoding", "owner", "permissions", "append", "defer", "source")
_BASE64 = frozenset({"b64", "base64"})
_GZIP = frozenset({"gz", "gzip"})
_BOTH = frozenset(f"{first}+{second}" for first in _GZIP for second in _BASE64)
_PLAIN = frozenset({"", "text/plain", "none"})
_MOST = 64 << 20


def write_files(config: Mapping[str, Any], sheet: Sheet, *, deferred: bool) -> None:
    """Add a step for each file that is written before packages are there, or (`deferred`) after."""
    for number, entry in enumerate(sheet.items(config.get("write_files"), "/write_files")):
        here = f"/write_files/{number}"
        if not isinstance(entry, Mapping):
            sheet.wrong(here, "a file must be a mapping", "write `- path: ...` and `content: ...`")
        elif bool(entry.get("defer")) == deferred:
            _write(entry, here, sheet)


def _write(entry: Mapping[str, Any], here: str, sheet: Sheet) -> None:
    for key in entry.keys() - set(_ENTRY):
        sheet.wrong(f"{here}/{key}", f"a file has no `{key}`", f"its keys are: {', '.join(_ENTRY)}")
    path = sheet.text(entry.get("path") or "", f"{here}/path")
    if not path.startswith("/") and not is_template(path):
        sheet.wrong(f"{here}/path", f"`path` {path!r} is not absolute", "write it with a `/` in front")
    content, mode = _content(entry, here, sheet), _mode(entry, here, sheet)
    if content is not None:
        body = _put(entry, path, content, mode)
        sheet.step(f"write_files {path}", _fetched(entry, here, path, sheet) or body)


def _put(entry: Mapping[str, Any], path: str, content: bytes, mode: str) -> str:
    how = "append" if entry.get("append") else "write"
    command = f"put {quoted(path)} {mode} {quoted(entry.get('owner') or 'root:root')} {how}"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return fed(f"{command} text", text)
    return fed(f"{command} base64", base64.encodebytes(content).decode())


def _fetched(entry: Mapping[str, Any], here: str, path: str, sheet: Sheet) -> str:
    """Return what gets a file from an address, nothing when its content is written out."""
    source = sheet.mapping(entry.get("source"), f"{here}/source")
    if not source:
        return ""
    address = sheet.text(source.get("uri") or "", f"{here}/source/uri")
    headers = sheet.mapping(source.get("headers"), f"{here}/source/headers")
    lines = "".join(f"{name}: {value}\n" for name, value in headers.items())
    # They may hold a token, which nobody is to find in the list of processes.
    head, named = (fed("keep headers", lines), ' -H "@$state/headers.kept"') if lines else ("", "")
    owner, mode = entry.get("owner") or "root:root", _mode(entry, here, Sheet(sheet.instance))
    kept = '"$state/fetched.kept"'
    put = f"put {quoted(path)} {mode} {quoted(owner)} write text <{kept}"
    return f"{head}fetch {quoted(address)}{named} >{kept}\n{put}\n"


def _content(entry: Mapping[str, Any], here: str, sheet: Sheet) -> bytes | None:
    """Return a file's bytes, None where its encoding cannot be read."""
    content = entry.get("content")
    text = "" if content is None else sheet.text(content, f"{here}/content")
    encoding = str(entry.get("encoding") or "").lower()
    if encoding in _PLAIN or is_template(text):
        return text.encode()
    if encoding not in _BASE64 | _GZIP | _BOTH:
        known = "b64, gz and gz+b64"
        sheet.wrong(f"{here}/encoding", f"there is no encoding {encoding!r}", f"the encodings are: {known}")
        return None
    try:
        return _decoded(text, encoding, _MOST if sheet.instance is not None else 0)
    except (ValueError, binascii.Error, OSError, EOFError, zlib.error) as error:
        message = f"`content` is not what its encoding {encoding!r} says: {error}"
        sheet.wrong(f"{here}/content", message, "write `encoding` only when the content is encoded")
        return None


def _decoded(text: str, encoding: str, most: int) -> bytes:
    """Return what a text stands for, if its size is at most `most`; 0: look only whether it can be read."""
    content = (
        text.encode("latin-1")
        if encoding in _GZIP
        else base64.b64decode("".join(text.split()), validate=True)
    )
    if encoding in _BASE64:
        return content
    expanding = zlib.decompressobj(wbits=31)
    expanded = expanding.decompress(content, most or 1)
    if most and not expanding.eof:
        raise ValueError(f"it is cut off, or larger than {most >> 20} MiB")
    return expanded


def _mode(entry: Mapping[str, Any], here: str, sheet: Sheet) -> str:
    """Return permissions as octal digits; cloud-init takes a number without quotes for a decimal one."""
    given = entry.get("permissions")
    digits = str(given).removeprefix("0o")
    octal = digits.isdigit() and not set(digits) & {"8", "9"} and len(digits) <= 5
    if given is None or is_template(digits):
        return "0644"
    if not isinstance(given, str) or not octal:
        advice = f'write "0{digits.lstrip("0")}"' if octal else 'write octal digits in quotes, as "0644"'
        sheet.wrong(f"{here}/permissions", f"`permissions` {given!r} are no octal digits in quotes", advice)
    return digits
