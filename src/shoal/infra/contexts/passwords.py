"""Passwords as Unix systems keep them.

The scheme is SHA-512 crypt, as Ulrich Drepper describes it ("Unix crypt using SHA-256 and SHA-512", 2008).
"""

from __future__ import annotations

import hashlib

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000
_SIZE = 64


def hashed(password: str, salt: str) -> str:
    """Return what /etc/shadow holds of a password; up to 16 characters of the salt count."""
    key, seed = password.encode(), salt[:16].encode()
    digest = _first(key, seed)
    p = _repeated(hashlib.sha512(key * len(key)).digest(), len(key))
    s = _repeated(hashlib.sha512(seed * (16 + digest[0])).digest(), len(seed))
    for number in range(_ROUNDS):
        odd = number % 2
        middle = (s if number % 3 else b"") + (p if number % 7 else b"")
        digest = hashlib.sha512((p if odd else digest) + middle + (digest if odd else p)).digest()
    return f"$6${seed.decode()}${_encoded(digest)}"


def salt_for(*words: str) -> str:
    """Return a salt that belongs to something, and tells nothing of a password."""
    digest = hashlib.sha256("\0".join(words).encode()).digest()
    return "".join(_ALPHABET[byte % 64] for byte in digest[:16])


def _first(key: bytes, seed: bytes) -> bytes:
    other = hashlib.sha512(key + seed + key).digest()
    mixed = key + seed + _repeated(other, len(key))
    bits = len(key)
    while bits:
        mixed += other if bits & 1 else key
        bits >>= 1
    return hashlib.sha512(mixed).digest()


def _repeated(block: bytes, length: int) -> bytes:
    return (block * (length // _SIZE + 1))[:length]


def _encoded(digest: bytes) -> str:
    """Return 64 bytes in crypt's own order: three by three, each of them 21 apart."""
    text, places = "", (0, 21, 42)
    for _ in range(21):
        text += _digits(
            sum(digest[place] << shift for place, shift in zip(places, (16, 8, 0), strict=True)), 4
        )
        places = ((places[1] + 1), (places[2] + 1), (places[0] + 1))
    return text + _digits(digest[63], 2)


def _digits(value: int, count: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(count))
