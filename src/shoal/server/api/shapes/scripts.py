"""The bodies that tell of scripts."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shoal.server.api.shapes.bodies import Shape


class ParameterShape(Shape):
    """A parameter of a function."""

    name: str
    type: str
    needed: bool
    help: str


class ScriptLine(Shape):
    """A function that may be run."""

    name: str
    summary: str
    module: str
    version: str
    code_hash: str = Field(description="SHA-256 over the code of its source")
    data_parameter: str | None = Field(description="the parameter that the data is given to")
    parameters: list[ParameterShape]


class ScriptError(Shape):
    """A module that cannot be read, so that its functions are not here."""

    source: str
    module: str
    message: str


class ScriptList(Shape):
    """Every function, and what could not be read."""

    scripts: list[ScriptLine]
    errors: list[ScriptError]


class CallShape(Shape):
    """How a function is run: a job request to start from, and the same with curl."""

    request: dict[str, Any]
    curl: str


class ScriptShape(ScriptLine):
    """A function with all that a form or a program needs to run it."""

    doc: str
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema of its named arguments")
    form: dict[str, Any]
    call: CallShape
