"""Tables as Arrow files in a storage: written in batches, mapped into memory when opened."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from shoal.base.errors import Unavailable
from shoal.storage.backend import Storage, Stored, Writer


def write_table(storage: Storage, key: str, table: Any) -> Stored:
    """Store a table durably in Arrow's file format; raises what `Storage.put` raises."""
    with storage.write(key) as writer:
        with pa.PythonFile(_Sink(writer), "w") as sink, pa.ipc.new_file(sink, table.schema) as opened:
            opened.write_table(table)
        return writer.stored()


def map_table(storage: Storage, key: str) -> Any:
    """Return a stored table; its memory is the file's own pages where the storage is local.

    Raises:
        NotFound: there is none under this key.
        Unavailable: the file is damaged.
    """
    path = storage.path(key)
    try:
        source = pa.memory_map(str(path)) if path else pa.BufferReader(storage.open(key).read())
        return pa.ipc.open_file(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise Unavailable(
            f"The stored table {key} is damaged.", hint="Restore a backup, or add the file again.", key=key
        ) from error


class _Sink:
    """What Arrow asks of a file that is only written."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._size = writer, 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._size += len(data)
        return self._writer.write(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing: the storage makes the whole file durable."""

    def close(self) -> None:
        self.closed = True
