"""Datasets of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.base.errors import TooLarge
from shoal.client.calls import API, Ask, Call, Items, json_of, nothing, pages
from shoal.client.methods import Awaiting, Blocking, listing, operation, pieces
from shoal.client.resuming import PATIENCE, in_parts
from shoal.client.sending import size_of

PATH = f"{API}/datasets"
CREATED = 201
# Files that are larger go in parts, unless the server is inside this command.
LARGE = 64 << 20


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table on the server; `facts` is everything the server says about it.

    `is_new` says that adding it made it: the same file was not there before.
    """

    id: str
    name: str
    rows: int
    columns: list[dict[str, Any]]
    notes: list[str]
    facts: dict[str, Any]
    is_new: bool = False

    @classmethod
    def of(cls, facts: dict[str, Any], *, is_new: bool = False) -> Dataset:
        """Read what the server says."""
        known = {name: facts[name] for name in ("id", "name", "rows", "columns", "notes")}
        return cls(**known, facts=facts, is_new=is_new)


class _Datasets:
    _driver: Any

    @operation
    def add(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        delimiter: str | None = None,
        resume: bool | None = None,
    ) -> Call[Dataset]:
        """Upload a file and return it as a dataset.

        With `resume` it goes in parts: over a broken connection or a restart of the server it goes on where
        it was, and adding the same file again goes on with an upload that was left. By default files over
        64 MB do.

        Raises:
            InvalidInput: the file cannot be read as a table; the message says why.
            TooLarge: it is over the server's limit.
        """
        file = Path(path)
        size = size_of(file)
        in_one = not resume if resume is not None else size <= LARGE or self._driver.here
        try:
            if in_one:
                return (yield from _in_one(file, name or file.name, delimiter))
            began, dataset = yield from in_parts(file, size, name or file.name, delimiter)
            facts = yield from json_of(Ask("GET", f"{PATH}/{dataset}"))
            return Dataset.of(facts, is_new=facts["created"] >= began)
        except TooLarge as error:
            raise error if error.hint else _too_large(file, size, error) from error

    @operation
    def get(self, dataset: str) -> Call[Dataset]:
        """Return a dataset by its id; raises NotFound."""
        return Dataset.of((yield from json_of(Ask("GET", f"{PATH}/{dataset}"))))

    @listing
    def find(self, /, **filters: Any) -> Items[Dataset]:
        """Give datasets, the newest first; filters are those of GET /api/v1/datasets: q."""
        yield from pages(PATH, "datasets", filters, Dataset.of)

    @operation
    def rows(self, dataset: str, *, offset: int = 0, limit: int = 20) -> Call[list[list[Any]]]:
        """Return some rows as lists, None for what is missing."""
        ask = Ask("GET", f"{PATH}/{dataset}/rows", params={"offset": offset, "limit": limit})
        found: list[list[Any]] = (yield from json_of(ask))["rows"]
        return found

    @operation
    def columns(self, dataset: str) -> Call[list[dict[str, Any]]]:
        """Return the columns with statistics: extremes, mean, sd, a histogram or the most frequent words."""
        ask = Ask("GET", f"{PATH}/{dataset}/columns", patience=PATIENCE)
        found: list[dict[str, Any]] = (yield from json_of(ask))["columns"]
        return found

    @pieces
    def download(self, dataset: str) -> Ask:
        """Give the file as it came, in pieces."""
        return Ask("GET", f"{PATH}/{dataset}/file", patience=PATIENCE)

    @operation
    def remove(self, dataset: str) -> Call[None]:
        """Delete a dataset; raises NotFound, and Conflict while a study needs it."""
        yield from nothing(Ask("DELETE", f"{PATH}/{dataset}"))


class Datasets(_Datasets, Blocking):
    """The datasets of a server."""

    def __iter__(self) -> Iterator[Dataset]:
        return self.find()


class AsyncDatasets(_Datasets, Awaiting):
    """The datasets of a server."""

    def __aiter__(self) -> AsyncIterator[Dataset]:
        return self.find()


def _in_one(file: Path, name: str, delimiter: str | None) -> Call[Dataset]:
    params = {"name": name, "delimiter": delimiter}
    answer = yield Ask("POST", PATH, params=params, upload=file, patience=PATIENCE)
    return Dataset.of(answer.json(), is_new=answer.status_code == CREATED)


def _too_large(file: Path, size: int, error: TooLarge) -> TooLarge:
    """Return the error in the words of who gave a file, not of who sent a body."""
    return TooLarge(
        f"{file.name} is {size:,} bytes; the server takes {error.details.get('limit', 0):,}.",
        hint="Compress it with gzip, or raise limits.upload in the server's settings.",
        **error.details,
    )
