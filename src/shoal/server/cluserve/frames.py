"""Tables of numbers: a dataframe in pieces, and the dataset that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import strawberry

from shoal.base.errors import InvalidInput
from shoal.server.cluserve.scalars import JSON, Bulk, Elemt, Long

NUMBER = 8  # bytes


@strawberry.input(name="ChunkInput", description="A piece of a dataframe.")
class ChunkInput:
    """A piece of a dataframe."""

    data: list[Elemt]
    id: str | None = None
    size: Long | None = None


@strawberry.input(name="DataframeInput", description="Rows with the names of their columns.")
class DataframeInput:
    """Rows with the names of their columns."""

    columns: list[str] | None = None
    chunks: list[ChunkInput] | None = None
    id: str | None = None
    dim: Long | None = None
    size: Long | None = None
    metadata: JSON | None = None

    def pieces(self) -> Iterable[Any]:
        """Give the data of each chunk that has any."""
        held = (elements(chunk.data) for chunk in self.chunks or ())
        return (data for data in held if data)


@strawberry.input(name="DatasetInput", description="Rows that are sent along, or a stored dataset by its id.")
class DatasetInput:
    """Rows that are sent along, or a stored dataset by its id."""

    id: str | None = None
    name: str | None = None
    dataframe: DataframeInput | None = None


@strawberry.type(name="chunk", description="A piece of a dataframe.")
class Chunk:
    """A piece of a dataframe; `size` is in bytes."""

    id: str
    size: Long
    data: Elemt


@strawberry.type(name="dataframe", description="Rows with the names of their columns.")
class Dataframe:
    """Rows with the names of their columns; `size` is in bytes."""

    id: str
    columns: list[str]
    dim: Long | None
    size: Long
    metadata: JSON
    chunks: list[Chunk]

    @classmethod
    def of(
        cls,
        id: str,
        columns: Sequence[str],
        rows: Sequence[Any],
        numbers: int,
        metadata: Mapping[str, Any],
        dim: int | None,
    ) -> Dataframe:
        """Return rows with so many numbers in them, as one chunk even when there are none."""
        size = Long(numbers * NUMBER)
        chunk = Chunk(id=f"{id}.0", size=size, data=Elemt(rows))
        wide = None if dim is None else Long(dim)
        return cls(id=id, columns=list(columns), dim=wide, size=size, metadata=JSON(metadata), chunks=[chunk])


def elements(data: Sequence[Any]) -> Sequence[Any]:
    """Return data as it was sent; raises InvalidInput when it is no list."""
    sent = data[0] if len(data) == 1 and isinstance(data[0], Bulk) else data
    if not isinstance(sent, list):
        raise InvalidInput("data is no list.", hint="Send rows: [[1, 2], [3, 4]].")
    return sent
