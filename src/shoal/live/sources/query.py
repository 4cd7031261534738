"""A SQL query on a schedule: rows that are newer than the newest that was read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from shoal.base.errors import InvalidInput, Unavailable
from shoal.base.settings import resolve_secret
from shoal.live.sources.source import MOST_ROWS, Batch, Place

AFTER = "after"


class Query:
    """Give the rows of a query in the order of a column that only grows.

    The query has `:after` where that column is compared, and orders by it:
    `SELECT id, temp, hum FROM sensors WHERE id > :after ORDER BY id`. Of rows with equal values in it, all
    are read together, so none is lost between two looks.

    Args:
        url: the database as SQLAlchemy names it, or `@FILE` or `env:NAME` that holds it.
        query: the query.
        column: the column that grows; it is not part of the rows unless `keep`.
        first: the value to begin after.
        every: seconds between two looks; None looks once.
        keep: whether rows have that column too.
    """

    def __init__(
        self,
        url: str,
        query: str,
        column: str,
        *,
        first: Any = 0,
        every: float | None = 10.0,
        keep: bool = False,
    ) -> None:
        if f":{AFTER}" not in query:
            raise InvalidInput(
                "The query does not say from where to go on.",
                hint=f"Like: SELECT id, x, y FROM t WHERE id > :{AFTER} ORDER BY id",
            )
        self._query = text(query)
        self._column = column
        self._first = first
        self._every = every
        self._keep = keep
        try:
            self._engine = create_engine(resolve_secret(url), pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise InvalidInput(f"That is not the URL of a database: {error}.") from error

    def taken(self, batch: Batch) -> None:
        """Do nothing: the place says all."""

    def batches(self, after: Place) -> Iterator[Batch | None]:
        """Give rows after a place, which is a value of the column.

        Raises:
            InvalidInput: the query cannot be run, or has no such column.
        """
        place = self._first if after is None else after
        while True:
            for batch in self._look(place):
                place = batch.place
                yield batch
            if self._every is None:
                return
            yield None
            time.sleep(self._every)

    def _look(self, place: Place) -> Iterator[Batch]:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise Unavailable(f"The database does not answer: {_words(error)}") from error
        with connection:
            try:
                yield from self._found(connection, place)
            except SQLAlchemyError as error:
                if isinstance(error, DBAPIError) and (error.connection_invalidated or "locked" in str(error)):
                    raise Unavailable(f"The database does not answer: {_words(error)}") from error
                raise InvalidInput(f"The query cannot be run: {_words(error)}") from error

    def _found(self, connection: Connection, place: Place) -> Iterator[Batch]:
        rows: list[Any] = []
        found = connection.execution_options(stream_results=True).execute(self._query, {AFTER: place})
        if self._column not in (names := list(found.keys())):
            raise InvalidInput(
                f"The query has no column {self._column!r}.", hint=f"It has {', '.join(names)}."
            )
        for record in found.mappings():
            value = _plain(record[self._column])
            if len(rows) >= MOST_ROWS and value != place:
                yield Batch(rows, place)
                rows = []
            place = value
            rows.append(self._row(record))
        if rows:
            yield Batch(rows, place)

    def _row(self, record: Any) -> dict[str, Any]:
        names = (name for name in record if self._keep or name != self._column)
        return {name: _plain(record[name]) for name in names}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a time as text that sorts like it."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat(" ") if hasattr(value, "isoformat") else value


def _words(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0]
