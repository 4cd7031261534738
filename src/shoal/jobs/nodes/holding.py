"""What a node holds: the leases that it was given and has not settled, with the files that they read."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shoal.jobs.model import Lease
from shoal.jobs.nodes.inputs import Input


@dataclass(eq=False)
class Hold:
    """A lease in a node's hands; `over` is set when nobody wants anything of it any more."""

    lease: Lease
    inputs: Sequence[Input]
    over: threading.Event = field(default_factory=threading.Event)
    ordered: bool = False

    @property
    def beginnings(self) -> list[str]:
        """Return with what the keys of its files begin: those that it reads, and those that it writes."""
        lease = self.lease
        own = f"jobs/{lease.job_id}/{lease.generation}/{lease.attempt}/"
        return [own, *(one.key for one in self.inputs)]


class Holding:
    """Every lease of a node by its token; may be used by several threads."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}

    def add(self, hold: Hold) -> None:
        """Hold a new lease."""
        self._holds[hold.lease.token] = hold

    def get(self, token: str) -> Hold | None:
        """Return what is held under a token, if anything."""
        return self._holds.get(token)

    def tokens(self) -> list[str]:
        """Return the tokens of all that is held."""
        return list(self._holds)

    def unordered(self) -> list[str]:
        """Return the tokens of what was not ordered to stop."""
        return [token for token, hold in self._holds.copy().items() if not hold.ordered]

    def order(self, token: str, *, is_stale: bool) -> None:
        """Take note that an attempt has to stop; a stale one is nobody's concern any more."""
        if (hold := self._holds.get(token)) is not None:
            hold.ordered = True
            if is_stale:
                hold.over.set()

    def settle(self, tokens: Iterable[str]) -> list[Hold]:
        """Let leases go and return them."""
        settled = [hold for token in tokens if (hold := self._holds.pop(token, None)) is not None]
        for hold in settled:
            hold.over.set()
        return settled

    def let_go(self) -> None:
        """Say of everything that nobody wants it any more."""
        for hold in self._holds.copy().values():
            hold.over.set()
