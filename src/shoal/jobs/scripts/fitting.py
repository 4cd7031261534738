"""Whether arguments fit a function, said in words: before it is queued, and again when it is called."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal, Union

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from shoal.base.errors import InvalidInput
from shoal.jobs.scripts.script import Script
from shoal.jobs.scripts.signature import POSITIONAL
from shoal.jobs.scripts.source import EACH

_PLAIN: dict[str, Any] = {"integer": int, "number": float, "boolean": bool, "null": None}
_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_FIRST = (*POSITIONAL, inspect.Parameter.VAR_POSITIONAL)
Problem = dict[str, Any]


def check(script: Script, args: Sequence[Any], kwargs: Mapping[str, Any], *, has_data: bool) -> None:
    """Pass when a script may be called with these arguments, as far as its schema tells.

    Raises:
        InvalidInput: they do not fit; `errors` tells of each.
    """
    signature = _signature_of(script)
    values = [..., *args] if has_data else args
    bound = bind(script.function, signature, script.data_parameter, values, kwargs, has_data=has_data)
    refuse(
        script.function,
        [
            problem
            for place, (name, value) in enumerate(bound.arguments.items())
            if name in script.schema["properties"] and not (has_data and place == 0)
            for problem in _problems(script.schema, name, value)
        ],
    )


def bind(
    name: str,
    signature: inspect.Signature,
    data: str | None,
    values: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    has_data: bool,
) -> inspect.BoundArguments:
    """Return which parameter gets which value; with data that is the first one.

    Raises:
        InvalidInput: there are too many or too few, data is missing, or the function takes none.
    """
    parameters = list(signature.parameters.values())
    if has_data and not (parameters and parameters[0].kind in _FIRST):
        problem = problem_at("/data", "This function takes none.")
        raise _refusal(f"{name} takes no data.", "Leave `data` out.", [problem])
    if not (has_data or values or data is None or data in kwargs) and parameters[0].default is inspect._empty:
        problem = problem_at("/data", "This is needed.")
        raise _refusal(f"{name} needs data.", f"It is given to `{data}`.", [problem])
    try:
        return signature.bind(*values, **kwargs)
    except TypeError as error:
        problem = problem_at("/kwargs" if kwargs else "/args", f"{error}.".capitalize())
        raise _refusal(f"{name} cannot be called so: {error}.", _takes(parameters), [problem]) from error


def refuse(name: str, problems: Sequence[Problem]) -> None:
    """Raise InvalidInput when there are problems; it says the first."""
    if problems:
        first = problems[0]
        place = first["pointer"].removeprefix("/kwargs").lstrip("/")
        raise _refusal(f"{name} cannot be called so. {place}: {first['message']}.", "", list(problems))


def problems_of(error: ValidationError, place: str) -> list[Problem]:
    """Return what is wrong with the value at a place, in words."""
    return [
        problem_at(
            "/".join((place, *map(str, fault["loc"]))), fault["msg"].replace("Input should", "it should")
        )
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def problem_at(pointer: str, message: str) -> Problem:
    """Return one entry of `errors`."""
    return {"in": "body", "pointer": pointer, "message": message}


def called_name(name: str) -> str:
    """Return a script's name without the brackets that ask for a call with each item."""
    return name.removesuffix(EACH)


def _refusal(message: str, hint: str, problems: list[Problem]) -> InvalidInput:
    return InvalidInput(message, hint=hint, code="wrong_arguments", errors=problems)


def _signature_of(script: Script) -> inspect.Signature:
    return inspect.Signature(
        [
            inspect.Parameter(
                one["name"],
                inspect._ParameterKind[one["kind"].upper()],
                default=one.get("default", inspect.Parameter.empty),
            )
            for one in script.parameters
        ]
    )


def _problems(schema: Mapping[str, Any], name: str, value: Any) -> list[Problem]:
    wanted = schema["properties"][name]
    if "default" in wanted and value == wanted["default"]:
        return []
    try:
        _checker(orjson.dumps([wanted, schema.get("$defs", {})])).validate_python(value)
    except ValidationError as error:
        return problems_of(error, f"/kwargs/{name}")
    return []


@lru_cache(1024)
def _checker(schema: bytes) -> TypeAdapter[Any]:
    """Return what checks values for a schema and its definitions, given as JSON; making one takes 0.2 ms."""
    return TypeAdapter(_type(*orjson.loads(schema)))


def _type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """Return a type hint for the plain parts of a schema; Any for what only the function's own can judge."""
    if "$ref" in schema:
        return _type(definitions.get(str(schema["$ref"]).rpartition("/")[2], {}), definitions)
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if "anyOf" in schema:
        return Union[tuple(_type(one, definitions) for one in schema["anyOf"])]  # noqa: UP007
    kind = schema.get("type")
    if kind == "array" and "items" in schema:
        return list[_type(schema["items"], definitions)]  # type: ignore[misc]
    if kind == "string":
        return Any if "format" in schema else str
    bounds = {_BOUNDS[word]: value for word, value in schema.items() if word in _BOUNDS}
    plain = _PLAIN.get(str(kind), Any)
    return Annotated[plain, Field(**bounds)] if bounds else plain


def _takes(parameters: Sequence[inspect.Parameter]) -> str:
    words = [
        one.name if one.default is inspect.Parameter.empty else f"{one.name} (optional)" for one in parameters
    ]
    return f"It takes {', '.join(words)}." if words else "It takes no arguments."
