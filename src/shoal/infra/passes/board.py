"""The rows of an infrastructure's instances as the house has them: what is not written down is not here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shoal.base.clock import now
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.passes.journal import Change, Happened, Journal
from shoal.infra.passes.times import brought_back
from shoal.infra.states import State


class Board:
    """Hold the instances that are not dropped, and change them through the journal; threads may share it."""

    def __init__(
        self, journal: Journal, mask: Callable[[str], str] = str, clock: Callable[[], int] = now
    ) -> None:
        """Take a journal, and what takes secrets out of texts that people will read."""
        self.journal = journal
        self.mask = mask
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: dict[str, Instance] = {}
        self.changes = 0
        self.stale = False  # somebody else has changed a row

    def read(self) -> Infrastructure:
        """Read everything anew, and return the wish."""
        self.stale = False
        infrastructure, instances = self.journal.state()
        with self._lock:
            self._rows = {each.id: each for each in instances}
        if changes := brought_back(instances, self._clock()):
            self.change(changes)
        return infrastructure

    @property
    def rows(self) -> Sequence[Instance]:
        """Return all instances as they are now."""
        with self._lock:
            return list(self._rows.values())

    def get(self, id: str) -> Instance | None:
        """Return an instance, None when it is dropped."""
        with self._lock:
            return self._rows.get(id)

    def plan(self, turn: int, instances: Sequence[Instance]) -> bool:
        """Add rows of instances that nobody has been asked for; False: somebody has another wish by now."""
        if not self.journal.plan_instances(turn, instances):
            return False
        with self._lock:
            self._rows |= {each.id: each for each in instances}
        return True

    def change(self, changes: Iterable[Change], happened: Sequence[Happened] = ()) -> frozenset[str]:
        """Write changes of rows and what is to be told of them; return the ids of those refused."""
        changes = [self._masked(each) for each in changes]
        happened = [each._replace(detail=self._masked(each.detail)) for each in happened]
        refused = self.journal.change(changes, happened)
        self.stale = self.stale or bool(refused)
        with self._lock:
            for change in changes:
                if change["id"] not in refused:
                    self._apply(change)
                    self.changes += 1
        return refused

    def set(self, instance: Instance, happened: str = "", **fields: Any) -> bool:
        """Change one row and tell of it under a name; False: its state had changed, nothing is done."""
        told = [Happened(happened, instance.node, instance.id, {"name": instance.name})] if happened else []
        return not self.change([{"id": instance.id, "was": instance.state, **fields}], told)

    def _masked(self, said: Change) -> Change:
        return {**said, "reason": self.mask(said["reason"])} if said.get("reason") else said

    def _apply(self, change: Change) -> None:
        row = self._rows.get(change["id"])
        if row is None:
            return
        row = row._replace(**{name: value for name, value in change.items() if name not in ("id", "was")})
        if row.state is State.DROPPED:
            del self._rows[row.id]
        else:
            self._rows[row.id] = row
