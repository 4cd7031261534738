"""What is written of what happened in an infrastructure."""

from __future__ import annotations

from shoal.infra.model import Happening, Instance
from shoal.infra.states import State
from shoal.server.pages.infra.happenings import told


def happening(seq: int, kind: str, machine: str | None = None, **detail: str) -> Happening:
    return Happening(seq, "i", machine, "worker" if machine else None, kind, detail, seq)


def machine(id: str, number: int) -> Instance:
    return Instance(id, "i", "worker", number, State.READY, "simulated", 0, {}, "", f"occopus-{id}")


def test_machines_that_do_the_same_one_after_the_other_are_one_line() -> None:
    lines = told(
        [happening(3, "infraready"), happening(2, "nodeready", "b"), happening(1, "nodeready", "a")], []
    )
    assert [(one.what, one.machine, one.words) for one in lines] == [
        ("", None, "Everything is ready"),
        ("2 machines of worker", None, " are ready"),
    ]


def test_one_machine_is_called_by_its_number_while_it_stands() -> None:
    lines = told([happening(2, "nodeready", "a"), happening(1, "nodedropped", "b")], [machine("a", 3)])
    assert [(one.what, one.machine, one.words) for one in lines] == [
        ("worker-3", "a", " is ready"),
        ("A machine of worker", "b", " is gone"),
    ]


def test_each_machine_that_failed_has_a_line_that_leads_to_its_log() -> None:
    lines = told([happening(2, "nodefailed", "b"), happening(1, "nodefailed", "a")], [])
    assert [(one.machine, one.words) for one in lines] == [("b", " failed"), ("a", " failed")]


def test_machines_that_go_for_different_reasons_are_told_apart() -> None:
    gone = [
        happening(2, "nodedropping", "b", reason="many"),
        happening(1, "nodedropping", "a", reason="ill"),
    ]
    assert [one.words for one in told(gone, [])] == [
        " is being removed: many",
        " is being removed: ill",
    ]
