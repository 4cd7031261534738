"""The bodies that tell of data files and stored objects."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoal.server.api.shapes.bodies import Page, Shape
from shoal.storage.datatypes import Datatype


class DatafileShape(Shape):
    """A file that jobs read by its name; `created` is in UTC microseconds."""

    name: str
    size: int
    sha256: str
    created: int


class DatafilePage(Page):
    """Data files by name."""

    datafiles: list[DatafileShape]


class ObjectWish(BaseModel):
    """Ask for JSON to be kept."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$", description="made when left out")
    datatype: Datatype = "raw"
    data: Any = Field(description="any JSON; a timeseries or dataframe is columns or rows")
    extra: dict[str, Any] = Field(default_factory=dict, description="free JSON that can be searched")


class ObjectChange(BaseModel):
    """Say what of a stored object is to be other; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    datatype: Datatype | None = None
    data: Any = Field(default=None, description="the data")
    extra: dict[str, Any] | None = Field(default=None, description="replaces all of it")


class ObjectShape(Shape):
    """Stored JSON without the data itself; times are in UTC microseconds."""

    id: str
    datatype: Literal["timeseries", "dataframe", "raw"]
    size: int
    sha256: str
    created: int
    edited: int | None
    extra: dict[str, Any]


class ObjectPage(Page):
    """Stored objects by id."""

    objects: list[ObjectShape]
