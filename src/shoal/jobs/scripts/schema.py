"""What a function takes, as JSON Schema (draft 2020-12), and arguments held against it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError

from shoal.jobs.scripts.hints import EMPTY
from shoal.jobs.scripts.signature import MANY, Parameter, plain

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(
    name: str, summary: str, parameters: Sequence[Parameter], data: Parameter | None
) -> dict[str, Any]:
    """Return the schema of the object of named arguments; the data is no part of it."""
    named = [one for one in parameters if one.kind not in MANY and one != data]
    definitions: dict[str, Any] = {}
    properties = {one.name: _property(one, definitions) for one in named}
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": name,
        "type": "object",
        "properties": properties,
        "required": [one.name for one in named if one.needed],
        "additionalProperties": any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters),
    }
    if summary:
        schema["description"] = summary
    return schema | ({"$defs": definitions} if definitions else {})


def checker(hint: Any) -> TypeAdapter[Any] | None:
    """Return what checks and converts values for a hint; None where it allows everything."""
    if hint is EMPTY or isinstance(hint, str):
        return None
    try:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        pass
    try:
        return TypeAdapter(hint)
    except PydanticUserError:
        return None


def _property(parameter: Parameter, definitions: dict[str, Any]) -> dict[str, Any]:
    found = _of_hint(parameter.hint)
    definitions |= found.pop("$defs", {})
    if parameter.help:
        found["description"] = parameter.help
    if parameter.default is not EMPTY:
        found["default"] = plain(parameter.default)
    return found


def _of_hint(hint: Any) -> dict[str, Any]:
    checks = checker(hint)
    try:
        return {} if checks is None else checks.json_schema()
    except PydanticInvalidForJsonSchema:
        return {}
