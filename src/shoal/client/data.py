"""Data that jobs on a server read: files by name, and stored JSON by id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shoal.client.calls import API, Ask, Call, Items, json_of, nothing, pages
from shoal.client.methods import Awaiting, Blocking, listing, operation, pieces
from shoal.client.resuming import PATIENCE

Facts = dict[str, Any]


class _Datafiles:
    _driver: Any

    @operation
    def add(self, path: str | Path, *, name: str | None = None) -> Call[Facts]:
        """Upload a file under a name, by default its own, and return what the server says of it.

        Raises:
            Conflict: there is a file of this name.
            UnsupportedMedia: its extension is not accepted.
        """
        file = Path(path)
        ask = Ask("PUT", _file(name or file.name), upload=file, patience=PATIENCE)
        facts: Facts = yield from json_of(ask)
        return facts

    @operation
    def get(self, name: str) -> Call[Facts]:
        """Return what the server says of a file; raises NotFound."""
        facts: Facts = yield from json_of(Ask("GET", _file(name)))
        return facts

    @listing
    def find(self, /) -> Items[Facts]:
        """Give the files by name."""
        yield from pages(f"{API}/datafiles", "datafiles")

    @pieces
    def download(self, name: str) -> Ask:
        """Give a file as it came, in pieces."""
        return Ask("GET", f"{_file(name)}/file", patience=PATIENCE)

    @operation
    def remove(self, name: str) -> Call[None]:
        """Delete a file; raises NotFound."""
        yield from nothing(Ask("DELETE", _file(name)))


class _Objects:
    _driver: Any

    @operation
    def add(
        self, data: Any, datatype: str = "raw", *, id: str | None = None, extra: Facts | None = None
    ) -> Call[Facts]:
        """Store JSON as `raw`, `timeseries` or `dataframe` and return what the server says of it.

        Raises:
            InvalidInput: the data is not of this datatype.
            Conflict: there is an object of this id.
        """
        body = {"id": id, "datatype": datatype, "data": data, "extra": extra or {}}
        facts: Facts = yield from json_of(Ask("POST", f"{API}/objects", json=body, patience=PATIENCE))
        return facts

    @operation
    def get(self, object: str) -> Call[Facts]:
        """Return what the server says of an object, without its data; raises NotFound."""
        facts: Facts = yield from json_of(Ask("GET", _object(object)))
        return facts

    @operation
    def data(self, object: str) -> Call[Any]:
        """Return an object's data; raises NotFound."""
        return (yield from json_of(Ask("GET", f"{_object(object)}/data", patience=PATIENCE)))

    @operation
    def change(self, object: str, /, **values: Any) -> Call[Facts]:
        """Change `data`, `datatype` or `extra` of an object; raises NotFound and InvalidInput."""
        facts: Facts = yield from json_of(Ask("PATCH", _object(object), json=values, patience=PATIENCE))
        return facts

    @listing
    def find(self, where: Facts | None = None, /) -> Items[Facts]:
        """Give the objects that fit a filter by id, without their data: `{"data.depth": {"$gte": 4}}`."""
        params = {} if where is None else {"where": json.dumps(where)}
        yield from pages(f"{API}/objects", "objects", params)

    @operation
    def remove(self, object: str) -> Call[None]:
        """Delete an object; raises NotFound."""
        yield from nothing(Ask("DELETE", _object(object)))


class Datafiles(_Datafiles, Blocking):
    """The files of a server that jobs read by name."""

    def __iter__(self) -> Iterator[Facts]:
        return self.find()


class AsyncDatafiles(_Datafiles, Awaiting):
    """The files of a server that jobs read by name."""

    def __aiter__(self) -> AsyncIterator[Facts]:
        return self.find()


class Objects(_Objects, Blocking):
    """The stored JSON of a server."""

    def __iter__(self) -> Iterator[Facts]:
        return self.find()


class AsyncObjects(_Objects, Awaiting):
    """The stored JSON of a server."""

    def __aiter__(self) -> AsyncIterator[Facts]:
        return self.find()


def _file(name: str) -> str:
    return f"{API}/datafiles/{quote(name, safe='')}"


def _object(id_: str) -> str:
    return f"{API}/objects/{quote(id_, safe='')}"
