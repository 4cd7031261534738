"""What PostgreSQL's errors mean to the person who meets them."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, StatementError

from shoal.base.errors import Forbidden, InvalidInput, InvalidSetting, ShoalError, StorageFull, Unavailable

_REPEATABLE = ("40001", "40P01")
_RIGHTS = ("42501", "28000", "28P01")


def may_be_repeated(error: StatementError) -> bool:
    """Say whether the database asks for the transaction to be run again."""
    return _state(error) in _REPEATABLE


def explained(error: StatementError, where: str) -> BaseException:
    """Return an error that says what to do about the server, else the error itself."""
    if isinstance(error.orig, ShoalError) or not isinstance(error, DBAPIError):
        return error.orig if isinstance(error.orig, ShoalError) else error
    state = _state(error)
    if state in ("53100", "53200"):
        return StorageFull(f"{where} has no room left.", hint="Free some space on the database's disk.")
    if state == "22003":
        return InvalidInput("A number is too large to be kept.")
    if state == "25006":
        return Forbidden(f"{where} is read-only.", hint="Point to the primary, not to a replica.")
    if state in _RIGHTS:
        return Forbidden(f"{where} refuses this user.", hint="Check the user, the password and the rights.")
    if state == "3D000":
        return InvalidSetting(f"{where} does not exist.", hint="Make it with createdb.")
    if error.connection_invalidated or state.startswith(("08", "57P", "53")) or _cannot_connect(error):
        return Unavailable(f"{where} does not answer.", hint="Start PostgreSQL, or check the address.")
    return error


def _state(error: StatementError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _cannot_connect(error: StatementError) -> bool:
    return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout") and not _state(error)
