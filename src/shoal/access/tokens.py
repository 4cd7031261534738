"""The server token: shown once, kept as a hash.

A token has 256 random bits, so a plain SHA-256 of it cannot be searched; it needs no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shoal.base.errors import InvalidSetting
from shoal.base.faults import fault_point
from shoal.base.files import write_durably

TOKEN_KEPT = fault_point("access.token", "The hash of a new server token is kept.")
PREFIX = "shoal_"
FILE = "server-token.sha256"
LEAST = 20


@dataclass(frozen=True, slots=True)
class Tokens:
    """The hashes of the tokens that open this server."""

    hashes: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def open_to(self, presented: str) -> bool:
        """Say whether a presented token is one of ours, in a time that does not depend on how near it is."""
        found = _digest(presented)
        return any([hmac.compare_digest(found, kept) for kept in self.hashes])


def generate(home: Path) -> str:
    """Make a new server token, keep its hash in the home (readable by its owner only) and return it.

    It replaces the one before. Nobody can show it again.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    with suppress(OSError):  # Whoever cannot make the folder is told so by the writing.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(TOKEN_KEPT, home / FILE, _digest(token).hex().encode() + b"\n", private=True)
    return token


def load(home: Path, given: str | None = None) -> Tokens:
    """Return the tokens of a server: the generated one, if any, and the one given by the settings.

    Raises:
        InvalidSetting: the kept hash is damaged, or the given token could be guessed.
    """
    hashes = [_digest(given)] if given is not None and _long_enough(given) else []
    file = home / FILE
    if file.exists():
        hashes.append(_kept(file))
    return Tokens(tuple(hashes))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _long_enough(token: str) -> bool:
    if len(token) < LEAST:
        raise InvalidSetting(
            f"The server token has {len(token)} characters; it needs {LEAST} or more.",
            hint="Make one with `openssl rand -hex 32`.",
        )
    return True


def _kept(file: Path) -> bytes:
    try:
        digest = bytes.fromhex(file.read_text().strip())
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise InvalidSetting(f"{file} does not hold the hash of a token.", hint="Make a new server token.")
    return digest
