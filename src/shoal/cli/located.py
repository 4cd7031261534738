"""Commands that work in a home or on a server: the options that say where, written once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

from shoal.cli import options
from shoal.cli.connection import Where

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = {
    "home": options.Home,
    "config": options.Config,
    "database": options.Database,
    "workers": options.Workers,
    "server": options.Server,
}


def located(command: Command) -> Command:
    """Give a command the options of `Where` in place of its parameter `where`."""
    signature = inspect.signature(command, eval_str=True)
    own = [parameter for name, parameter in signature.parameters.items() if name != "where"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in _OPTIONS.items()
    ]

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        where = Where(**{field.name: given.pop(field.name) for field in fields(Where)})
        return command(where=where, **given)

    run.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *more]}
    del run.__wrapped__
    return run  # type: ignore[return-value]
