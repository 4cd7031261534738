"""What everything of a server that a caller holds has in common."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from shoal.client.calls import API, Ask, Call, json_of
from shoal.client.methods import change


class Held:
    """Something on the server, as it was when it was last looked at; `refresh` looks again."""

    noun: ClassVar[str]
    facts: dict[str, Any]

    @property
    def path(self) -> str:
        """Return where it is on the server."""
        return f"{API}/{self.noun}/{quote(str(self.facts['id']), safe='')}"

    @change
    def refresh(self) -> Call[None]:
        """Look again."""
        self.facts = yield from json_of(Ask("GET", self.path))

    def _act(self, verb: str, body: Any = None) -> Call[None]:
        self.facts = yield from json_of(Ask("POST", f"{self.path}/{verb}", json=body))
