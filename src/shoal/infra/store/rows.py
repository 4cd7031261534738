"""Rows of the tables as values, and values as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.infra.model import Happening, Infrastructure, Instance
from shoal.infra.states import Phase, State
from shoal.infra.store.tables import happenings, infrastructures, instances

# Columns in the order of the values' fields, so that a row becomes one without naming them.
INFRASTRUCTURE = tuple(infrastructures.c[name] for name in Infrastructure._fields)
INSTANCE = tuple(instances.c[name] for name in Instance._fields)
HAPPENING = tuple(happenings.c[name] for name in Happening._fields)


def infrastructure_of(row: Any) -> Infrastructure:
    """Return a row of `INFRASTRUCTURE` as a value."""
    found = Infrastructure(*row)
    return found._replace(phase=Phase(found.phase), condemned=tuple(found.condemned))


def instance_of(row: Any) -> Instance:
    """Return a row of `INSTANCE` as a value."""
    found = Instance(*row)
    return found._replace(state=State(found.state), addresses=tuple(found.addresses))


def values_of(value: Infrastructure | Instance) -> dict[str, Any]:
    """Return a value as what a statement is given."""
    return {name: _kept(given) for name, given in value._asdict().items()}


def _kept(given: Any) -> Any:
    if isinstance(given, Phase | State):
        return given.value
    if isinstance(given, tuple):
        return list(given)
    return dict(given) if isinstance(given, Mapping) else given
