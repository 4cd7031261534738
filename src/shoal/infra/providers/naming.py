"""Names that a machine, a folder or a cloud takes, made of any text, and never the same for two texts."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def plain_name(text: str, longest: int = 63) -> str:
    """Return a text that is a plain word as it is, and a digest of any other."""
    return text if len(text) <= longest and _PLAIN.match(text) else digest(text)


def host_name(text: str) -> str:
    """Return a text as a name of a host: small letters, digits and hyphens, 63 at most."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if name == text.lower() and _LABEL.match(name):
        return name
    return f"{name[:50].strip('-')}-{digest(text)[:12]}".strip("-")


def digest(text: str) -> str:
    """Return 32 hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
