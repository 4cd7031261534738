"""Which host was chosen for a machine, kept here before the host is asked.

So a machine whose host does not answer is known to be there, and is not claimed a second time elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import orjson

from shoal.base.faults import fault_point
from shoal.base.files import write_durably
from shoal.infra.providers.remote.claims import Claim

CHOSEN = fault_point("infra.host_chosen", "Which host is about to be claimed for a machine is written.")


class Records:
    """Remember hosts by machine, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, claim: Claim, host: str) -> None:
        """Remember the host that is about to be claimed."""
        write_durably(CHOSEN, self._path(claim), orjson.dumps({**claim._asdict(), "host": host}))

    def host(self, claim: Claim) -> str | None:
        """Return the host that was chosen last, None when none was."""
        with suppress(FileNotFoundError):
            return str(orjson.loads(self._path(claim).read_bytes())["host"])
        return None

    def of(self, infra: str) -> dict[str, list[Claim]]:
        """Return the claims of an infrastructure by the host that was chosen."""
        found: dict[str, list[Claim]] = {}
        for path in sorted(self._folder.glob("*.json")):
            with suppress(FileNotFoundError):
                said = orjson.loads(path.read_bytes())
                if said["infra"] == infra:
                    found.setdefault(said["host"], []).append(Claim(infra, said["instance"]))
        return found

    def forget(self, claim: Claim) -> None:
        """Forget a machine that is gone."""
        self._path(claim).unlink(missing_ok=True)

    def clear(self, infra: str) -> None:
        """Forget the machines of an infrastructure."""
        for claims in self.of(infra).values():
            for claim in claims:
                self.forget(claim)

    def _path(self, claim: Claim) -> Path:
        return self._folder / f"{claim.name}.json"
