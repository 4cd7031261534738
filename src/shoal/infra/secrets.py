"""The secrets of one infrastructure: made when they are first asked for, kept in a file of their own."""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from shoal.base.errors import InvalidInput, NotFound
from shoal.base.extras import require
from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.infra.certificates import self_signed, without_key

FILE = "secrets.json"
MASK = "********"
CERTIFICATE = "certificate"
_KEPT = fault_point("infra.secrets", "a new secret of an infrastructure is in its file")
_MUNGE_BYTES = 128
_SHORTEST = 6  # characters; hiding what is shorter would blot out whole logs


class Secrets:
    """Get the secrets that lie in a folder; threads and processes may share it.

    The file is its owner's alone. A secret is on the disk before anybody gets it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._seen: tuple[tuple[int, int] | None, list[str]] = (None, [])

    def get(self, name: str, kind: str = "text") -> str:
        """Return a secret, which is made and kept when there is none of this name.

        Kinds: `text` (32 characters that are safe in addresses and shells), `munge` (a key of 128 bytes, in
        base64), `rsa` and `ed25519` (a private key as OpenSSH keeps it, with a line end after the last line),
        `certificate` (a key, and a certificate for the host that the secret is named after; both PEM).

        Raises:
            InvalidInput: there is no such kind, or the secret is of another one.
        """
        if kind not in _MAKERS:
            known = ", ".join(KINDS)
            raise InvalidInput(f"There is no kind of secret {kind!r}.", hint=f"Write one of: {known}.")
        with self._lock:
            found = self._read().get(name) or self._made(name, kind)
        if found["kind"] != kind:
            raise InvalidInput(
                f"The secret {name!r} is of the kind {found['kind']}, not {kind}.",
                hint=f"Write secret({name!r}, kind={found['kind']!r}), or use another name.",
            )
        return str(found["value"])

    def public(self, name: str, kind: str = "ed25519") -> str:
        """Return the public half: a line as OpenSSH writes it, or a certificate; raises as `get`."""
        held = self._read().get(name)
        kind = held["kind"] if held else kind
        private = self.get(name, kind)
        if kind == CERTIFICATE:
            return without_key(private)
        serialization = require("cryptography.hazmat.primitives.serialization", "ssh")
        try:
            key = serialization.load_ssh_private_key(private.encode(), None)
        except ValueError as error:
            raise InvalidInput(
                f"The secret {name!r} has no public half.", hint="Only rsa, ed25519 and certificate do."
            ) from error
        form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return f"{key.public_key().public_bytes(*form).decode()} {name}"

    def masked(self, text: str) -> str:
        """Return a text in which no secret can be read."""
        for secret in self._shown():
            text = text.replace(secret, MASK)
        return text

    def masking(self, tell: Callable[[bytes], None]) -> Masking:
        """Return what tells everything but secrets; see `Masking`."""
        return Masking(self, tell)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except orjson.JSONDecodeError as error:
            raise NotFound(
                f"{self._path} cannot be read.", hint="Restore it from a backup: machines use what it holds."
            ) from error
        return found

    def _made(self, name: str, kind: str) -> dict[str, str]:
        with _alone(self._path.parent):
            known = self._read()
            if name not in known:
                known[name] = {"kind": kind, "value": _MAKERS[kind](name)}
                write_durably(_KEPT, self._path, orjson.dumps(known), private=True)
            return known[name]

    def _shown(self) -> list[str]:
        """Return every form in which a secret may be shown, the longest first."""
        state = self._state()
        if state != self._seen[0]:
            forms = {form for each in self._read().values() for form in _forms(each["value"])}
            known = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)
            self._seen = state, known
        return self._seen[1]

    def _state(self) -> tuple[int, int] | None:
        """Return what changes with the file, None while there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns


class Masking:
    """Tell bytes on without secrets: whole lines, so that none is told in two halves. Call `end` last."""

    def __init__(self, known: Secrets, tell: Callable[[bytes], None]) -> None:
        self._known = known
        self._tell = tell
        self._rest = b""

    def __call__(self, content: bytes) -> None:
        """Tell all whole lines, and keep what is none yet."""
        lines, found, rest = (self._rest + content).rpartition(b"\n")
        self._rest = rest
        if found:
            self._pass_on(lines + found)

    def end(self) -> None:
        """Tell a last line without an end."""
        if self._rest:
            self._pass_on(self._rest)
        self._rest = b""

    def _pass_on(self, content: bytes) -> None:
        text = content.decode("utf-8", "surrogateescape")
        self._tell(self._known.masked(text).encode("utf-8", "surrogateescape"))


def _forms(value: str) -> Iterator[str]:
    """Yield a secret as it is, line by line as logs show it, and in base64 as files carry it."""
    yield value
    yield base64.b64encode(value.encode()).decode()
    yield from (line for line in value.splitlines() if len(line) > 16 and not line.startswith("-----"))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from making secrets in a folder meanwhile."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _private(key: Any) -> str:
    serialization = require("cryptography.hazmat.primitives.serialization", "ssh")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    content: bytes = key.private_bytes(*form)
    return content.decode()


def _rsa(_name: str) -> str:
    rsa = require("cryptography.hazmat.primitives.asymmetric.rsa", "ssh")
    return _private(rsa.generate_private_key(65537, 3072))


def _ed25519(_name: str) -> str:
    ed25519 = require("cryptography.hazmat.primitives.asymmetric.ed25519", "ssh")
    return _private(ed25519.Ed25519PrivateKey.generate())


def _munge(_name: str) -> str:
    return base64.b64encode(secrets.token_bytes(_MUNGE_BYTES)).decode()


def _text(_name: str) -> str:
    return secrets.token_urlsafe(24)


_MAKERS: dict[str, Callable[[str], str]] = {
    "text": _text,
    "munge": _munge,
    "rsa": _rsa,
    "ed25519": _ed25519,
    CERTIFICATE: self_signed,
}
KINDS = tuple(_MAKERS)
