"""Filters of documents, as conditions on our jobs.

Keys are those of the document: what a user says is in the job's free JSON, what we say in columns of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Connection

from shoal.base.errors import InvalidInput
from shoal.jobs.store import searching
from shoal.jobs.store.tables import externals, jobs
from shoal.server.jobserver.words import moment_of

JOINING = ("$and", "$or")
TIMES = {"created": "created", "finished": "ended"}
COLUMNS = {
    "_id": externals.c.external_id,
    "user_id": jobs.c.owner,
    "created": jobs.c.created,
    "ended": jobs.c.ended,
    "result": jobs.c.result,
    searching.REST: jobs.c.extra,
}


def conditions(conn: Connection, wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter.

    Raises:
        InvalidInput: it has an operator, a key or a value that cannot be asked for; it is named.
    """
    return [searching.matching(conn, _in_our_words(wanted), COLUMNS)]


def _in_our_words(wanted: Any) -> Any:
    if not isinstance(wanted, Mapping):
        return wanted
    return dict(_entry(key, value) for key, value in wanted.items())


def _entry(key: str, value: Any) -> tuple[str, Any]:
    if key in JOINING and isinstance(value, list):
        return key, [_in_our_words(one) for one in value]
    if key in TIMES:
        return TIMES[key], _moments(key, value)
    if key == "result" or key.startswith("result."):
        # A result of ours says more than the value that a script returned.
        return f"result.value{key.removeprefix('result')}", value
    return key, value


def _moments(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {operator: _moments(key, one) for operator, one in value.items()}
    if isinstance(value, list):
        return [_moments(key, one) for one in value]
    if value in (None, "None"):
        return None
    return value if isinstance(value, bool) else _moment(key, value)


def _moment(key: str, value: Any) -> int:
    with suppress(ValueError, TypeError):
        return moment_of(value)
    raise InvalidInput(f"{key} is searched for by times, like 2018-08-29 07:46:57.133147.", key=key)
