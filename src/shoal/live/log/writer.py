"""The one thread that adds to logs: what waits is written together and synced once."""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from shoal.base.errors import Unavailable
from shoal.live.log.log import Appended, Log, Wanted

T = TypeVar("T")
_log = logging.getLogger(__name__)
MOST_OPEN = 200  # files
_BATCH = 64 << 20  # bytes
_SYNCS = 4


class _Rows(NamedTuple):
    log: Log
    wanted: Wanted


class _Act(NamedTuple):
    act: Callable[[], Any]
    future: Future[Any]


class Writer:
    """Add rows to logs; every method may be called from any thread."""

    def __init__(self, on_rows: Callable[[Sequence[Log]], None]) -> None:
        """Prepare; `on_rows` is called, in the thread, with the logs that have new rows on the disk."""
        self._queue: queue.SimpleQueue[_Rows | _Act | None] = queue.SimpleQueue()
        self._on_rows = on_rows
        self._open: OrderedDict[Log, None] = OrderedDict()
        self._syncs = ThreadPoolExecutor(_SYNCS, "live-sync")
        self._thread: threading.Thread | None = None
        self._closed = False
        self._changing = threading.Lock()

    @property
    def trouble(self) -> Unavailable | None:
        """Say that the thread has died, if it has: then nothing that is sent is kept any more."""
        if self._thread is None or self._closed or self._thread.is_alive():
            return None
        return Unavailable("Nobody writes the rows of live tasks any more.", hint="Start the server again.")

    def append(self, log: Log, payload: bytes, rows: int, dim: int, key: str = "") -> Future[Appended]:
        """Add rows; the future is done when they are on the disk.

        It raises RowsWaiting, TaskFull, TooLarge, InvalidInput, StorageFull, Forbidden: nothing was added.
        """
        future: Future[Appended] = Future()
        self._put(_Rows(log, Wanted(payload, rows, dim, key, future)))
        return future

    def act(self, act: Callable[[], T]) -> Future[T]:
        """Call a function between two writes, after those that were asked for before."""
        future: Future[T] = Future()
        self._put(_Act(act, future))
        return future

    def close(self) -> None:
        """Write what waits and end."""
        with self._changing:
            self._closed = True
            self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        self._syncs.shutdown()

    def _put(self, wish: _Rows | _Act) -> None:
        with self._changing:
            if self._closed:
                raise Unavailable("The server stops.", hint="Send it again in a moment.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="live-log", daemon=True)
                self._thread.start()
            self._queue.put(wish)

    def _work(self) -> None:
        is_open = True
        while is_open:
            batch, act, is_open = self._next()
            if batch:
                self._write_all(batch)
            if act is not None:
                _done(act)
        for log in self._open:
            log.rest()

    def _next(self) -> tuple[dict[Log, list[Wanted]], _Act | None, bool]:
        """Return what waits, up to the first act; wait when nothing does."""
        batch: dict[Log, list[Wanted]] = {}
        size, wish = 0, self._queue.get()
        while isinstance(wish, _Rows):
            batch.setdefault(wish.log, []).append(wish.wanted)
            size += len(wish.wanted.payload)
            if size >= _BATCH:
                return batch, None, True
            try:
                wish = self._queue.get_nowait()
            except queue.Empty:
                return batch, None, True
        return batch, wish, wish is not None

    def _write_all(self, batch: dict[Log, list[Wanted]]) -> None:
        """Write, and let nothing that goes wrong end the thread: others would wait for ever."""
        try:
            self._write(batch)
        except Exception as error:
            _log.exception("logs of live tasks")
            left = [one.future for wanted in batch.values() for one in wanted if not one.future.done()]
            for future in left:
                future.set_exception(error)

    def _write(self, batch: dict[Log, list[Wanted]]) -> None:
        staged = [log for log, wanted in batch.items() if log.stage(wanted)]
        if len(staged) == 1:
            staged[0].sync()
        else:
            list(self._syncs.map(Log.sync, staged))
        for log in staged:
            self._open[log] = None
            self._open.move_to_end(log)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[0].rest()
        if staged:
            self._on_rows(staged)


def _done(act: _Act) -> None:
    try:
        act.future.set_result(act.act())
    except BaseException as error:
        act.future.set_exception(error)
