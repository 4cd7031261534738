"""What is wrong with each field of a JSON body: a pointer to it (RFC 6901) and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer to a place."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def words(error: Mapping[str, Any]) -> str:
    """Return what pydantic found wrong as a sentence."""
    if error["type"] == "missing":
        return "This is needed."
    if error["type"] == "extra_forbidden":
        return "There is no such field."
    if error["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return "This is not a JSON object."
    told = str(error["msg"]).removeprefix("Value error, ")
    return told if told.endswith(".") else told + "."
