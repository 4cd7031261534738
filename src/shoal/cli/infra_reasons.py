"""Why machines are not ready yet, in a few lines, asked for now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shoal.studies.wording import printable

if TYPE_CHECKING:
    from shoal.client.infrastructure import Infrastructure

EVERY = 5.0  # seconds
MOST, LONGEST = 3, 200


class Reasons:
    """Know what was last said of machines that are not ready."""

    def __init__(self) -> None:
        self._asked, self._lines = time.monotonic(), list[str]()

    def of(self, infra: Infrastructure) -> list[str]:
        """Return a line for each reason, three at most; they are a few seconds old; none when it is over."""
        if infra.facts["done"] >= infra.turn:
            return []
        if time.monotonic() - self._asked >= EVERY:
            self._lines = reasons(infra.instances())
            self._asked = time.monotonic()
        return self._lines


def reasons(instances: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return why machines are not ready: for each reason the first machine that has it, three at most."""
    unready = [each for each in instances if each["state"] != "ready" and each["reason"]]
    first = {each["reason"]: f"{each['node']}-{each['number']}" for each in reversed(unready)}
    lines = [f"{name}: {printable(reason)[:LONGEST]}" for reason, name in first.items()]
    return lines[::-1][:MOST]
