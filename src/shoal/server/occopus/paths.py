"""Where Occopus' requests are, and what stands in their paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

PATH = "/infrastructures"
Id = Annotated[str, Path(max_length=255)]
Name = Annotated[str, Path(max_length=255)]
