"""Datasets of a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoal.base.errors import TooLarge
from shoal.client.calls import API, Ask, Call, json_of, nothing, pages
from shoal.client.driver import Driver

PATH = f"{API}/datasets"
# A large file is read whole before the answer comes.
PATIENCE = 600.0
CREATED = 201


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


def add(path: Path, name: str | None, delimiter: str | None) -> Call[Dataset]:
    """Upload a file."""
    params = {"name": name or path.name, "delimiter": delimiter}
    answer = yield Ask("POST", PATH, params=params, upload=path, patience=PATIENCE)
    return Dataset.of(answer.json(), is_new=answer.status_code == CREATED)


def get(dataset: str) -> Call[Dataset]:
    """Find one by its id."""
    return Dataset.of((yield from json_of(Ask("GET", f"{PATH}/{dataset}"))))


class Datasets:
    """The datasets of a server."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def add(self, path: str | Path, *, name: str | None = None, delimiter: str | None = None) -> Dataset:
        """Upload a file and return it as a dataset.

        Raises:
            InvalidInput: the file cannot be read as a table; the message says why.
            TooLarge: it is over the server's limit.
        """
        try:
            return self._driver.run(add(Path(path), name, delimiter))
        except TooLarge as error:
            if error.hint:
                raise
            raise _too_large(Path(path), error) from error

    def get(self, dataset: str) -> Dataset:
        """Return a dataset by its id; raises NotFound."""
        return self._driver.run(get(dataset))

    def remove(self, dataset: str) -> None:
        """Delete a dataset; raises NotFound, and Conflict while a study needs it."""
        self._driver.run(nothing(Ask("DELETE", f"{PATH}/{dataset}")))

    def __iter__(self) -> Iterator[Dataset]:
        return map(Dataset.of, pages(self._driver.run, PATH, "datasets"))


def _too_large(path: Path, error: TooLarge) -> TooLarge:
    """Return the error in the words of who gave a file, not of who sent a body."""
    return TooLarge(
        f"{path.name} is {path.stat().st_size:,} bytes; the server takes {error.details.get('limit', 0):,}.",
        hint="Compress it with gzip, or raise limits.upload in the server's settings.",
        **error.details,
    )
