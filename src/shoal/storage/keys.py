"""Names of stored things: relative paths that cannot leave their root."""

from __future__ import annotations

from shoal.base.errors import InvalidInput

LONGEST_PART, LONGEST_KEY = 200, 1000


def checked_key(key: str) -> str:
    """Return the key when it is a plain relative POSIX path.

    A part that starts with a dot is refused too: `..`, and the names of unfinished files.

    Raises:
        InvalidInput: it is absolute, empty, too long, or has a part that is empty or starts with a dot.
    """
    parts = key.split("/")
    if len(key) > LONGEST_KEY or not all(map(is_plain, parts)):
        raise InvalidInput(f"{key[:80]!r} cannot be the name of a stored file.", key=key[:80])
    return key


def is_plain(part: str) -> bool:
    """Say whether a text can be one part of a key: printable, no slash, no dot in front, not too long."""
    printable = part.isprintable() and "\\" not in part and "/" not in part
    return bool(part) and printable and not part.startswith(".") and len(part.encode()) <= LONGEST_PART
