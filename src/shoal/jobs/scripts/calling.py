"""Calling a function of a source with data and arguments, in a process of its own."""

from __future__ import annotations

import asyncio
import inspect
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shoal.base.errors import InvalidInput
from shoal.jobs.scripts import fitting, results
from shoal.jobs.scripts.conversion import given
from shoal.jobs.scripts.failures import failure_of
from shoal.jobs.scripts.loading import Function, Loaded, load
from shoal.jobs.scripts.materials import Material
from shoal.jobs.scripts.schema import checker
from shoal.jobs.scripts.signature import MANY, Parameter, data_parameter, parameters_of

__all__ = ["Loaded", "call", "load"]


def call(
    source: str,
    name: str,
    material: Material,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    folder: Path,
    seed: int | None = None,
) -> dict[str, Any]:
    """Call a function and return its result as JSON: see `results.result_of`.

    `NAME[]` calls it for each item of the data, which is a list or a table, and returns a list; an item that
    fails takes no other with it: it is null, and `failed` says why: [{"item": place, "error": {...}}].

    What fails is returned as `{"error": {"kind", "type", "message", "traceback"}}`, a wrong argument with
    the kind `refused`.

    Args:
        source: where the function is; loaded already, or now.
        name: the function's name there.
        material: the data; a false one is none.
        args: what follows the data.
        kwargs: what is given by name.
        folder: the job's folder, which holds the data's file and gets what is too large for JSON.
        seed: what random numbers start from; None: anything.
    """
    called = fitting.called_name(name)
    try:
        function = load(source).function(called)
        _seed(seed)
        call = _Call(function, called.rpartition(".")[2], args, kwargs, folder)
        if called != name:
            return _each(call, given(material, "sequence", list, folder), folder)
        return results.result_of(call.value(material), folder)
    except (Exception, SystemExit) as error:
        return failure_of(error)


@dataclass(frozen=True, slots=True)
class _Call:
    function: Function
    name: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    folder: Path

    def value(self, material: Material) -> Any:
        """Return what the function returns for this data."""
        values, named = _bound(self.function, self.name, material, self.args, self.kwargs, self.folder)
        return _awaited(self.function(*values, **named))


def _each(call: _Call, items: Sequence[Any], folder: Path) -> dict[str, Any]:
    """Return the values for all items as one result; `failed` tells of the items that have none."""
    values: list[Any] = []
    failed: list[dict[str, Any]] = []
    for place, item in enumerate(items):
        try:
            values.append(call.value(Material("raw_data", value=item)))
        except (Exception, SystemExit) as error:
            values.append(None)
            failed.append({"item": place} | failure_of(error))
    result = results.result_of(values, folder)
    return result | {"failed": failed} if failed else result


def _seed(seed: int | None) -> None:
    random.seed(seed)
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed(None if seed is None else seed % 2**32)


def _awaited(value: Any) -> Any:
    """Return what a coroutine returns; anything else is a result already."""

    async def awaited() -> Any:
        return await value

    return asyncio.run(awaited()) if inspect.isawaitable(value) else value


def _bound(
    function: Function,
    name: str,
    material: Material,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    folder: Path,
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a call, checked and converted; the data comes first.

    Raises:
        InvalidInput: they do not fit the signature; `errors` tells of each.
    """
    parameters = parameters_of(function)
    data = data_parameter(parameters)
    values = [_given(parameters, material, folder), *args] if material else args
    bound = fitting.bind(
        name,
        inspect.signature(function),
        data.name if data else None,
        values,
        kwargs,
        has_data=bool(material),
    )
    first = parameters[0].name if material else None
    fitting.refuse(
        name,
        [
            problem
            for one in parameters
            if one.name in bound.arguments
            for problem in _settled(
                one, bound, folder, "/data" if one.name == first else f"/kwargs/{one.name}"
            )
        ],
    )
    return list(bound.args), dict(bound.kwargs)


def _given(parameters: Sequence[Parameter], material: Material, folder: Path) -> Any:
    return given(material, parameters[0].wants, parameters[0].hint, folder) if parameters else None


def _settled(
    parameter: Parameter, bound: inspect.BoundArguments, folder: Path, place: str
) -> list[dict[str, Any]]:
    """Convert an argument to what its hint asks for; returns what is wrong with it."""
    value = bound.arguments[parameter.name]
    if parameter.kind in MANY or value is parameter.default:
        return []
    try:
        bound.arguments[parameter.name] = _converted(parameter, value, folder)
    except ValidationError as error:
        return fitting.problems_of(error, place)
    except InvalidInput as error:
        return [fitting.problem_at(place, error.message)]
    return []


def _converted(parameter: Parameter, value: Any, folder: Path) -> Any:
    if parameter.wants in ("frame", "table", "array") and isinstance(value, (dict, list)):
        return given(Material("raw_data", value=value), parameter.wants, parameter.hint, folder)
    checks = checker(parameter.hint)
    return value if checks is None else checks.validate_python(value)
