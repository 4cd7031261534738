"""PostgreSQL: several servers share one database; every work is a transaction of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import StatementError

from shoal.base import events
from shoal.base.errors import Unavailable
from shoal.base.extras import require
from shoal.base.faults import FaultPoint
from shoal.base.postgres_errors import explained, may_be_repeated
from shoal.base.postgres_listener import Listener
from shoal.base.schema import dumps, loads
from shoal.base.subscribers import Subscribers
from shoal.base.transaction import Work

T = TypeVar("T")
MAX_TRIES = 8
_RELAX = text("SET LOCAL synchronous_commit = off")


class PostgresDatabase:
    """Hold a pool of connections; acknowledged means committed as the server's synchronous_commit says."""

    dialect = "postgresql"

    def __init__(self, url: URL) -> None:
        """Connect once, to find out now whether it works; raises MissingExtra or Unavailable."""
        require("psycopg", "postgres")
        self.url = url.render_as_string()
        self._engine = _engine(url)
        self._subscribers = Subscribers()
        self._listener = Listener(url, self._subscribers.wake)
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="shoal-writer")
        try:
            self.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
        except BaseException:
            self.close()
            raise

    def read(self, work: Work[T]) -> T:
        """Return what a function finds in its own snapshot."""
        try:
            with self._engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            ) as conn:
                return work(conn)
        except StatementError as error:
            raise explained(error, self.url) from error

    def write(self, point: FaultPoint, work: Work[T]) -> T:
        """Run a function in a transaction and return when it is durably committed."""
        return self._write(point, work, False)

    def submit(self, point: FaultPoint, work: Work[T], *, relaxed: bool = False) -> Future[T]:
        """Run a function in a transaction, in a thread."""
        try:
            return self._threads.submit(self._write, point, work, relaxed)
        except RuntimeError as closed:
            raise Unavailable("The database is closed.") from closed

    def subscribe(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call a function after commits, by any server, that appended events; returns how to stop it."""
        remove = self._subscribers.add(wake)
        self._listener.start()
        return remove

    def close(self) -> None:
        """Finish what was submitted and close every connection."""
        self._threads.shutdown(wait=True)
        self._listener.stop()
        self._engine.dispose()

    def _write(self, point: FaultPoint, work: Work[T], relaxed: bool) -> T:
        tries = 0
        while True:
            tries += 1
            try:
                return self._transact(point, work, relaxed)
            except StatementError as error:
                if tries >= MAX_TRIES or not may_be_repeated(error):
                    raise explained(error, self.url) from error
            time.sleep(random.uniform(0.001, 0.005) * 2**tries)

    def _transact(self, point: FaultPoint, work: Work[T], relaxed: bool) -> T:
        with self._engine.connect() as conn:
            events.discard(conn)
            if relaxed:
                conn.execute(_RELAX)
            result = work(conn)
            told = events.flush(conn)
            point.reached("before")
            conn.commit()
            point.reached("after")
        if told:
            self._subscribers.wake()
        return result


def _engine(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        pool_pre_ping=True,
        json_serializer=dumps,
        json_deserializer=loads,
        connect_args={"connect_timeout": 10, "application_name": "shoal"},
    )
