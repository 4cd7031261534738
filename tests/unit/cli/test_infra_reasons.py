"""Why machines are not ready, as the command line tells it while it waits."""

from __future__ import annotations

from typing import Any

from shoal.cli.infra_reasons import reasons


def machine(node: str, number: int, state: str, reason: str) -> dict[str, Any]:
    return {"node": node, "number": number, "state": state, "reason": reason}


def test_each_reason_is_told_once_by_the_first_machine_that_has_it() -> None:
    machines = [
        machine("worker", 1, "ready", "it was ill"),
        machine("worker", 2, "checking", "port 80 is closed"),
        machine("worker", 3, "checking", "port 80 is closed"),
        machine("worker", 4, "creating", ""),
        machine("front", 1, "pending", "it says\x1b[2J nothing"),
    ]
    assert reasons(machines) == ["worker-2: port 80 is closed", "front-1: it says?[2J nothing"]


def test_three_reasons_are_enough() -> None:
    told = reasons([machine("worker", number, "checking", f"reason {number}") for number in range(9)])
    assert told == ["worker-0: reason 0", "worker-1: reason 1", "worker-2: reason 2"]
