"""Claims on hosts: a file on the host itself says whose it is, so that no two infrastructures share one.

A claim is the link of a whole file to the name of a slot, which either comes to be or does not; a host has as
many slots as its `share`. They lie in the home of the user who logs in.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from shoal.base.errors import Unavailable
from shoal.infra.providers.naming import digest
from shoal.infra.providers.remote.connection import Connection

_FULL = 75  # of sysexits.h: try again later
_CLAIMS = 'd=$HOME/.shoal/claims; mkdir -p "$d"'
# Reads the claim from the first line, and the script that frees the host from the rest. Should two ask for
# the same at once, the lower slot stays.
_CLAIM = """\
set -e; umask 077; {claims}
IFS= read -r claim; cat >"$d/{name}.release.$$"
printf '%s\\n' "$claim" >"$d/{name}.new.$$"
own() {{ for f in "$d"/slot-*; do if [ -e "$f" ] && [ "$(cat "$f")" = "$claim" ]; then echo "$f"; fi; done; }}
if [ -z "$(own)" ]; then
  mv "$d/{name}.release.$$" "$d/{name}.release"
  n=1
  while [ $n -le {share} ]; do
    ln "$d/{name}.new.$$" "$d/slot-$n" 2>/dev/null && break
    n=$((n + 1))
  done
fi
rm -f "$d/{name}.release.$$" "$d/{name}.new.$$"
own | tail -n +2 | while read -r f; do rm -f "$f"; done
if [ -z "$(own)" ]; then rm -f "$d/{name}.release"; exit {full}; fi
"""
_LIST = 'umask 077; {claims}; for f in "$d"/slot-*; do if [ -e "$f" ]; then cat "$f"; fi; done'
# What the program of `contexts` notes of its steps goes as well, and scripts that were cut off.
_RELEASE = """\
umask 077; {claims}; IFS= read -r claim; found=
for f in "$d"/slot-*; do if [ -e "$f" ] && [ "$(cat "$f")" = "$claim" ]; then found=yes; fi; done
if [ -z "$found" ]; then rm -f "$d/{name}".*; exit 0; fi
if [ -s "$d/{name}.release" ]; then {root}sh "$d/{name}.release" </dev/null 2>&1 || exit $?; fi
{root}rm -rf /var/lib/shoal-machine/{instance}-* 2>/dev/null
for f in "$d"/slot-*; do if [ -e "$f" ] && [ "$(cat "$f")" = "$claim" ]; then rm -f "$f"; fi; done
rm -f "$d/{name}".*
for f in "$d"/slot-*; do if [ -e "$f" ]; then exit 0; fi; done
rm -rf "$HOME/.shoal/run"
"""


class Claim(NamedTuple):
    """Whose a host, or a share of it, is."""

    infra: str
    instance: str

    @property
    def name(self) -> str:
        """Return what files about it are called."""
        return digest(f"{self.infra}/{self.instance}")

    @property
    def line(self) -> bytes:
        """Return what it looks like on a host."""
        return orjson.dumps(self._asdict()) + b"\n"


async def claim(connection: Connection, wanted: Claim, share: int, release: str) -> bool:
    """Claim a host, again if need be, and say whether there was room."""
    program = _CLAIM.format(claims=_CLAIMS, name=wanted.name, share=share, full=_FULL)
    code, said = await connection.ask(_sh(program), wanted.line + release.encode())
    if code not in (0, _FULL):
        raise Unavailable(f"A host could not be claimed: {_text(said)} (exit code {code}).")
    return code == 0


async def claims(connection: Connection) -> list[Claim]:
    """Return the claims on a host."""
    code, said = await connection.ask(_sh(_LIST.format(claims=_CLAIMS)))
    if code:
        raise Unavailable(f"The claims on a host could not be read: {_text(said)}.")
    return list(_read(said))


async def release(connection: Connection, given: Claim, root: str) -> None:
    """Free a host: run the script that came with the claim, and then give it up; `root` makes one root.

    Raises:
        Unavailable: the script failed; the host stays claimed, for it is not free.
    """
    named = {"name": given.name, "instance": shlex.quote(given.instance)}
    program = _RELEASE.format(claims=_CLAIMS, root=root, **named)
    code, said = await connection.ask(_sh(program), given.line)
    if code:
        raise Unavailable(
            f"The script that frees a host failed with {code}: {_text(said)}.",
            hint=f"Mend the host, or remove ~/.shoal/claims/{given.name}.release there.",
        )


def _read(content: bytes) -> Iterator[Claim]:
    for line in content.splitlines():
        try:
            yield Claim(**orjson.loads(line))
        except (ValueError, TypeError):
            continue  # Not ours; it takes its slot nevertheless.


def _sh(program: str) -> str:
    """Return a program as a word for whatever shell a user has."""
    return f"exec sh -c {shlex.quote(program)}"


def _text(said: bytes) -> str:
    return " ".join(said.decode(errors="replace").split())[-500:] or "it said nothing"
