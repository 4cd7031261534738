"""The contextualisation `docker`: what a container is started with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.infra.faults import Fault, refuse


def env_and_command(section: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the variables as `K=V` and the command as words; a mapping and a list are taken, too.

    Raises:
        BadDescription: they are something else.
    """
    return _env(section.get("env")), _command(section.get("command"))


def _env(given: Any) -> tuple[str, ...]:
    if isinstance(given, Mapping):
        return tuple(f"{name}={'' if value is None else value}" for name, value in given.items())
    found = tuple(str(each) for each in given or ())
    for number, each in enumerate(found):
        name, sign, _ = each.partition("=")
        if not sign or not name:
            where = f"contextualisation/env/{number}"
            refuse([Fault(f"`env` has {name!r}, which is no NAME=value", "Write it as NAME=value.", where)])
    return found


def _command(given: Any) -> tuple[str, ...]:
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(str(word) for word in given)
    try:
        return tuple(shlex.split(str(given or "")))
    except ValueError as error:
        advice = "Close the quotes, or write `command` as a list of words."
        refuse([Fault(f"`command` cannot be split into words: {error}", advice, "contextualisation/command")])
    return ()
