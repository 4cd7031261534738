"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A somebody: rows carry `name` as their owner. `admin` sees and does everything.

    An empty name is nobody known.
    """

    name: str
    admin: bool = False

    @property
    def known(self) -> bool:
        """Say whether we know who this is."""
        return bool(self.name)


# There are no accounts yet: one local owner has everything, and the server token acts for that owner.
OWNER = Actor("local", admin=True)
TOKEN_HOLDER = Actor("local", admin=True)
ANONYMOUS = Actor("")
