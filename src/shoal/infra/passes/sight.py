"""What providers showed last, and since when some have shown nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from shoal.base.clock import SECOND
from shoal.infra.model import Instance
from shoal.infra.passes.around import Around, Turn
from shoal.infra.passes.clouds import Look, Place, confirmed, place_of
from shoal.infra.passes.looking import look
from shoal.infra.providers.provider import Machine, Standing

BLIND = 60.0  # seconds that a provider may show nothing before nobody waits for it any more


class Sight:
    """Look at the machines of one infrastructure, and remember when."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._found = Look()
        self._blind: dict[Place, int] = {}
        self.looked: int | None = None  # when the last look began

    @property
    def machines(self) -> Iterable[str]:
        """Return the tags of all machines that were shown."""
        return self._found.machines

    def renew(self, turn: Turn, busy: Collection[str]) -> None:
        """Ask all providers, and note in the rows what they show, but of those that are busy."""
        self.looked = now = self._around.clock()
        self._found = look(turn, self._around, busy)
        self._blind = {place: self._blind.get(place, now) for place in self._found.faults}

    def is_older(self, seconds: float) -> bool:
        """Say whether the last look is longer ago than some seconds."""
        return self.looked is None or self._around.clock() - self.looked >= seconds * SECOND

    def machine(self, id: str) -> tuple[Place, Machine]:
        """Return where a machine was shown, and as what."""
        return self._found.places[id], self._found.machines[id]

    def shows(self, id: str, since: int = 0) -> bool:
        """Say whether a machine was shown, in a look that began after a moment."""
        return id in self._found.machines and (self.looked or 0) > since

    def misses(self, instance: Instance, since: int, seconds: float) -> bool:
        """Say whether the last look, so long after a moment and the first that missed one, misses it."""
        if instance.missing_since is None or place_of(instance) not in self._found.answered:
            return False
        return (self.looked or 0) - max(instance.missing_since, since) > seconds * SECOND

    def runs(self, instance: Instance) -> bool:
        """Say whether a machine runs, as far as its provider tells."""
        machine = self._found.machines.get(instance.id)
        is_shown = machine is not None and machine.standing is Standing.READY
        return is_shown or place_of(instance) not in self._found.answered

    def confirmed(self, rows: Iterable[Instance]) -> Sequence[Instance]:
        """Return rows in which only that is missing which the last look has not shown."""
        return confirmed(rows, self._found)

    def fault(self, place: Place) -> str:
        """Return why a provider has shown nothing for too long to be waited for, "" when it has not."""
        since = self._blind.get(place)
        if since is None or self._around.clock() - since <= BLIND * SECOND:
            return ""
        return self._found.faults[place]
