"""Options that many commands share, written once and given to a command as one value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from shoal.cli import options
from shoal.cli.connection import Where

Command = TypeVar("Command", bound=Callable[..., Any])


def in_place_of(
    name: str, annotations: Mapping[str, Any], build: Callable[[dict[str, Any]], Any]
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command some options in place of one parameter.

    Args:
        name: the parameter.
        annotations: the options: a flag where the type is `bool`, else None when it is not given.
        build: makes the parameter's value of the options' values.
    """

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != name]
        more = [_option(option, annotation) for option, annotation in annotations.items()]

        @functools.wraps(command)
        def run(**given: Any) -> Any:
            values = {option: given.pop(option) for option in annotations}
            return command(**{name: build(values)}, **given)

        run.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *more]}
        del run.__wrapped__
        return run  # type: ignore[return-value]

    return decorate


def _option(name: str, annotation: Any) -> inspect.Parameter:
    default = False if annotation.__origin__ is bool else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


located = in_place_of(
    "where",
    {
        "home": options.Home,
        "config": options.Config,
        "database": options.Database,
        "workers": options.Workers,
        "server": options.Server,
    },
    lambda given: Where(**given),
)
