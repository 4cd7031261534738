"""What studies and jobs of a server have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shoal.client.calls import Ask, Call, json_of
from shoal.client.held import Held
from shoal.client.methods import change
from shoal.client.patience import waited


class Watched(Held):
    """Something on the server that goes on and ends."""

    @property
    def state(self) -> str:
        """Return its state."""
        return str(self.facts["state"])

    @change
    def wait(
        self, *, timeout: float | None = None, on_change: Callable[[Any], object] | None = None
    ) -> Call[None]:
        """Return when it has ended; `on_change` is called with it after each change.

        Raises:
            StudyFailed: it is a study that failed or was cancelled.
            TimeoutError: it runs longer than `timeout` seconds.
        """

        def look(facts: dict[str, Any]) -> None:
            self.facts = facts
            if on_change is not None:
                on_change(self)

        yield from waited(self.path, self.facts, timeout, look)
        self._check_end()

    @change
    def cancel(self) -> Call[None]:
        """Stop it; what has ended is kept."""
        yield from self._act("cancel")

    def _json(self, part: str, **params: Any) -> Call[Any]:
        return json_of(Ask("GET", f"{self.path}{part}", params=params, patience=600))

    def _check_end(self) -> None:
        """Raise what waiting should raise for how it ended."""
