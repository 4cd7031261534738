"""What an engine says, in the words that every provider has for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.infra.errors import NoCapacity, Refused, Unreachable
from shoal.jobs.containers.engine import EngineGone, EngineRefused

_FULL = (
    *("address pool", "no space left", "cannot allocate"),
    *("port is already allocated", "address already in use"),
)
_WRONG = (
    *("executable file not found", "no such file or directory", "pull access denied"),
    *("manifest unknown", "not found", "invalid reference"),
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise NoCapacity, Refused or Unavailable for what an engine says."""
    try:
        yield
    except EngineRefused as error:
        raise _meant(error) from error
    except (InvalidInput, NotFound, Conflict) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(error.message, hint=error.hint) from error


@contextmanager
def asked_first() -> Iterator[None]:
    """Raise Unreachable where no engine answers the first request of a call: nothing was done yet."""
    try:
        yield
    except EngineGone as error:
        raise Unreachable(error.message, hint=error.hint) from error


def _meant(error: EngineRefused) -> Exception:
    words = error.message.lower()
    if any(each in words for each in _FULL):
        return NoCapacity(error.message, hint="Make room at the engine, or use another one.")
    if any(each in words for each in _WRONG):
        return Refused(error.message, hint=error.hint)
    return error
