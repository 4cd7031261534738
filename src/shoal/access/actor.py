"""Who acts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A somebody: rows carry `name` as their owner. `admin` sees and does everything.

    `executes` is the right to run programs of one's own. A `node` is a machine that joined: it takes jobs
    and answers for them, and may do nothing else. An empty name is nobody known.
    """

    name: str
    admin: bool = False
    executes: bool = False
    node: bool = False

    @property
    def known(self) -> bool:
        """Say whether we know who this is."""
        return bool(self.name)


# There are no accounts yet: one local owner has everything, and the server token acts for that owner.
OWNER = Actor("local", admin=True)
TOKEN_HOLDER = Actor("local", admin=True)
# Whoever comes in by an open listener: runs programs, but is no admin.
NEIGHBOUR = Actor("local", executes=True)
ANONYMOUS = Actor("")
