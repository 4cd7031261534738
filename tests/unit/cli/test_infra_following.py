"""How far an infrastructure is, in a line and as a table."""

from __future__ import annotations

from typing import Any

import pytest

from shoal.base.errors import Conflict
from shoal.cli.infra_asking import sure
from shoal.cli.infra_following import levels, sentence


def counts(target: int, **states: int) -> dict[str, Any]:
    there = sum(states.values())
    return {
        "target": target,
        "min": 1,
        "max": 9,
        "actual": there,
        "ready": states.get("ready", 0),
        "states": states,
    }


def facts(**nodes: dict[str, Any]) -> dict[str, Any]:
    return {"phase": "building", "levels": [["front"], ["worker"]], "nodes": nodes}


def test_a_line_names_what_is_not_there_yet() -> None:
    building = facts(front=counts(1, ready=1), worker=counts(3, ready=1, checking=1, planned=1))
    assert sentence(building) == "building: 2/4 ready; worker 1/3 (1 checking, 1 planned)"


def test_a_line_names_what_is_going() -> None:
    going = facts(front=counts(1, ready=1), worker=counts(1, ready=1, draining=2))
    assert sentence(going) == "building: 2/2 ready; worker 1/1 (2 draining)"


def test_a_line_never_tells_of_more_than_are_wanted() -> None:
    going = facts(front=counts(1, ready=1), worker=counts(3, ready=4))
    assert sentence(going) == "building: 4/4 ready; worker 4/3 (1 too many)"


def test_all_there_is_a_short_line() -> None:
    assert sentence(facts(front=counts(1, ready=1)) | {"phase": "ready"}) == "ready: 1/1 ready"


def test_what_is_taken_down_counts_what_is_left() -> None:
    going = facts(front=counts(1, dropping=1), worker=counts(2, ready=1, draining=1)) | {
        "phase": "destroying"
    }
    assert sentence(going) == "destroying: 3 machines left"


def test_the_table_goes_by_levels_and_has_what_is_no_longer_described() -> None:
    shown = levels(facts(front=counts(1, ready=1), worker=counts(2, creating=2), old=counts(0, dropping=1)))
    assert [line.split() for line in shown.splitlines()] == [
        ["LEVEL", "NODE", "WANTED", "READY", "MACHINES"],
        ["1", "front", "1", "1", "-"],
        ["2", "worker", "2", "0", "2", "creating"],
        ["-", "old", "0", "0", "1", "dropping"],
    ]
    assert max(map(len, shown.splitlines())) <= 80


def test_without_a_terminal_nothing_goes_unless_yes_was_said() -> None:
    with pytest.raises(Conflict, match=r"This removes 3 machines\."):
        sure("removes", 3, yes=False)
    sure("removes", 3, yes=True)
    sure("removes", 0, yes=False)
