"""The bodies that tell of datasets and uploads."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shoal.server.api.shapes.bodies import Page, Shape


class ColumnShape(Shape):
    """A column of a dataset."""

    name: str
    kind: str
    missing: int
    constant: bool
    role: str | None
    min: float | None
    max: float | None
    mean: float | None
    sd: float | None


class DatasetShape(Shape):
    """A table with a name; times are UTC microseconds."""

    id: str
    version: int
    name: str
    owner: str
    rows: int
    columns: list[ColumnShape]
    sha256: str
    size: int
    created: int
    notes: list[str]


class RowsShape(Shape):
    """Rows of a dataset; a cell is a number, a text, true, false or null."""

    columns: list[str]
    rows: list[list[Any]]
    offset: int
    total: int
    next: int | None = Field(description="`offset` of the rows that follow; null at the end")


class HistogramShape(Shape):
    """How many numbers are in each bin; there is one edge more than counts."""

    edges: list[float]
    counts: list[int]


class ValueCount(Shape):
    """How often a value is there."""

    value: str
    count: int


class ColumnStatistics(ColumnShape):
    """A column with what its values look like."""

    header: str
    distinct: int | None = Field(description="different values; null when there are more than 10,000")
    histogram: HistogramShape | None = Field(description="of a number column that has values")
    top: list[ValueCount] | None = Field(description="the most frequent values of another column")


class ColumnStatisticsList(Shape):
    """The columns of a dataset, in the file's order."""

    rows: int
    columns: list[ColumnStatistics]


class DatasetPage(Page):
    """Datasets, the newest first."""

    datasets: list[DatasetShape]


class UploadShape(Shape):
    """A file that arrives in parts: `offset` of `length` bytes are there; then `dataset` is its id."""

    id: str
    name: str
    length: int
    offset: int
    created: int
    touched: int
    delimiter: str
    fingerprint: str
    dataset: str


class UploadList(Shape):
    """Uploads of a day, the newest first."""

    uploads: list[UploadShape]
