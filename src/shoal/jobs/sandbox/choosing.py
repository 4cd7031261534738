"""Which confinement works here: found by running a program in each, never by guessing."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from shoal.jobs.sandbox import folders, modes, places
from shoal.jobs.sandbox.confinement import Confinement, Program
from shoal.jobs.sandbox.limits import Limits
from shoal.jobs.sandbox.slots import Slot, claim
from shoal.jobs.sandbox.terms import Terms

_SAW = 9  # what the trial ends with when it could read what is hidden
_TRIAL = """
import os, sys
open("written", "w").close()
for path in sys.argv[1:]:
    try:
        os.listdir(path)
    except OSError:
        continue
    os._exit(9)
os._exit(0)
"""
_SHELL_TRIAL = 'for path; do ls "$path" >/dev/null 2>&1 && exit 9; done; : > written'


def choose(terms: Terms, slot: Slot) -> tuple[Confinement | None, dict[str, str]]:
    """Return the first confinement that works, and why those before it do not.

    None means that the one mode which the settings allow does not work here.
    """
    why = dict(modes.offered())
    tried: dict[str, str] = {}
    others = _processes()
    for mode in modes.candidates(terms.sandbox):
        confinement = Confinement(mode, slot.number, slot.user, others)
        if mode == modes.NONE:
            return confinement, tried
        if not (fault := why[mode] or _tried(confinement, terms)):
            return confinement, tried
        tried[mode] = fault
    return (Confinement(modes.NONE, slot.number, None, others) if terms.sandbox == "auto" else None), tried


def forked(confinement: Confinement, program: Program, descriptors: Sequence[int]) -> int:
    """Start a program and return its process id.

    Raises:
        OSError: it could not be started.
    """
    read, write = os.pipe()
    parent = os.getpid()
    if pid := os.fork():
        os.close(write)
        with os.fdopen(read, "rb") as told:
            words = told.read()
        if not words:
            return pid
        os.waitpid(pid, 0)
        number, _, text = words.decode(errors="replace").partition(" ")
        raise OSError(int(number), text)
    try:
        confinement.enter(program, descriptors, parent)
    except OSError as error:
        os.write(write, f"{error.errno or 0} {error.strerror or error}".encode())
    except BaseException:
        os.write(write, b"0 " + traceback.format_exc(limit=-3).encode()[-2000:])
    finally:
        os._exit(127)


def _tried(confinement: Confinement, terms: Terms) -> str:
    """Return why the confinement does not work, nothing when it does."""
    try:
        nest = folders.open_nest(Path(terms.nest))
        folder = folders.make(nest, "trial", confinement.user if confinement.has_own_user else None)
    except OSError as error:
        return f"{terms.nest}: {error.strerror}"
    try:
        return _verdict(_run(confinement, terms, folder))
    except OSError as error:
        return f"{error.strerror or error}"
    finally:
        folders.remove(folder)


def _run(confinement: Confinement, terms: Terms, folder: Path) -> tuple[int, str]:
    try:
        return _trial(confinement, terms, folder, [sys.executable, "-I", "-S", "-c", _TRIAL])
    except PermissionError as error:
        if terms.sandbox == "auto":
            why = f"other users cannot start {Path(sys.executable).resolve()}"
            raise PermissionError(error.errno, why) from error
        # Whoever asks for this mode by name gets what it can do: programs, if not Python's functions.
        return _trial(confinement, terms, folder, ["/bin/sh", "-c", _SHELL_TRIAL, "sh"])


def _trial(confinement: Confinement, terms: Terms, folder: Path, argv: Sequence[str]) -> tuple[int, str]:
    readable = places.readable((), [*terms.hidden, terms.nest])
    env, place = {"PATH": os.defpath}, str(folder)
    program = Program([*argv, *terms.hidden], env, place, place, Limits(), readable)
    with tempfile.TemporaryFile() as said, open(os.devnull, "rb") as nothing:  # noqa: PTH123
        pid = forked(confinement, program, [nothing.fileno(), said.fileno(), said.fileno()])
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read(2000).decode(errors="replace")


def _verdict(ran: tuple[int, str]) -> str:
    code, said = ran
    if code == 0:
        return ""
    if code == _SAW:
        return "it does not hide the home: other users of this machine can read it"
    return said.strip().splitlines()[-1] if said.strip() else f"a trial ended with {code}"


def _processes() -> int:
    """Return how many processes our user has now."""
    count, me = 0, os.geteuid()
    for path in Path("/proc").iterdir():
        with suppress(OSError):
            count += path.name.isdigit() and path.stat().st_uid == me
    return count


def described(terms: Terms) -> tuple[str, dict[str, str]]:
    """Return the mode that is used here, nothing when there is none, and why each better one is not."""
    slot = claim()
    with slot.claim:
        chosen, tried = choose(terms, slot)
    folders.leave(Path(terms.nest))
    return (chosen.mode if chosen is not None else ""), tried
