"""What every described body has."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A JSON object of the API."""

    model_config = ConfigDict(extra="allow")


class Page(Shape):
    """A part of a list; `next` is the cursor of the following part, null at the end."""

    next: str | None
