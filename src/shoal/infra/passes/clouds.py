"""The providers that an infrastructure's machines come from, and what they show."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from shoal.base.errors import ShoalError, Unavailable
from shoal.base.faults import FaultPoint, fault_point
from shoal.infra.model import Instance
from shoal.infra.providers.provider import Machine, Provider
from shoal.infra.states import State

CREATE = fault_point("infra.create", "A provider was asked for a machine.")
DROP = fault_point("infra.drop", "A provider was asked to end a machine.")
RUN = fault_point("infra.run", "A machine was asked to run a script.")
LOOK = fault_point("infra.look", "A provider has shown its machines.")
CLEAN = fault_point("infra.clean", "A provider was asked to remove what belongs to no machine.")
Place = tuple[str, str]
T = TypeVar("T")
_NOWHERE = frozenset({State.PLANNED})


@dataclass(frozen=True, slots=True)
class Look:
    """What providers showed: machines by instance, and the places that answered."""

    machines: Mapping[str, Machine] = field(default_factory=dict)
    answered: frozenset[Place] = frozenset()
    places: Mapping[str, Place] = field(default_factory=dict)
    faults: Mapping[Place, str] = field(default_factory=dict)


class Clouds:
    """Make one provider for each place, when it is first needed; threads may share them."""

    def __init__(self, made: Callable[[str, Mapping[str, Any]], Provider]) -> None:
        self._made = made
        self._lock = threading.Lock()
        self._providers: dict[Place, Provider] = {}

    def at(self, kind: str, place: Mapping[str, Any]) -> Provider:
        """Return the provider of a type at a place; raises ShoalError when it cannot be had."""
        return self._provider((kind, json.dumps(place, sort_keys=True)))

    def of(self, instance: Instance) -> Provider:
        """Return the provider that an instance's machine comes from."""
        return self._provider(place_of(instance))

    def look(self, infra: str, instances: Iterable[Instance]) -> Look:
        """Return what the providers of these instances, and all others known, show; who fails is left out."""
        with self._lock:
            asked = set(self._providers)
        asked |= {place_of(each) for each in instances if each.state not in _NOWHERE}
        machines: dict[str, Machine] = {}
        places: dict[str, Place] = {}
        faults: dict[Place, str] = {}
        for place in sorted(asked):
            try:
                found = call(LOOK, partial(self._machines, place, infra))
            except ShoalError as error:
                faults[place] = error.message
                continue
            machines |= {each.instance: each for each in found}
            places |= {each.instance: place for each in found}
        return Look(machines, frozenset(asked - faults.keys()), places, faults)

    def _machines(self, place: Place, infra: str) -> Sequence[Machine]:
        return self._provider(place).machines(infra)

    def _provider(self, place: Place) -> Provider:
        with self._lock:
            if (provider := self._providers.get(place)) is None:
                provider = self._providers[place] = self._made(place[0], json.loads(place[1]))
            return provider

    def at_place(self, place: Place) -> Provider:
        """Return the provider of a place that has answered."""
        return self._provider(place)


def confirmed(rows: Iterable[Instance], found: Look) -> list[Instance]:
    """Return rows in which only that is missing which a look has not shown.

    A provider that shows nothing one moment and does not answer the next has told of an absence only once.
    """
    return [
        row._replace(missing_since=None)
        if row.missing_since is not None and place_of(row) not in found.answered
        else row
        for row in rows
    ]


def place_of(instance: Instance) -> Place:
    """Return where an instance's machine is found."""
    return instance.provider, json.dumps(instance.place, sort_keys=True)


def call(point: FaultPoint, do: Callable[[], T]) -> T:
    """Call a provider; whatever it raises that is no error of ours counts as: it did not answer."""
    point.reached("before")
    try:
        answer = do()
    except (ShoalError, NotImplementedError):
        raise
    except Exception as error:
        raise Unavailable(f"The provider failed: {type(error).__name__}: {error}") from error
    point.reached("after")
    return answer
