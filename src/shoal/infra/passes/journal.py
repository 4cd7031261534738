"""What a pass and the keeper ask the house: each question is one transaction in which their lease holds.

Every answer holds `turn`, the newest of the infrastructure, so that a new wish is noticed with each question.

`{"op": "state", "infra": ID, "turn": N | None}`
    `{"turn": n, "state": None, "paused": bool}` when N is still the newest turn, else `state` is
    `{"infrastructure": {...}, "instances": [...]}`: the plain forms, instances without the dropped ones,
    oldest first; `infrastructure.description` is the whole plain description with its definitions.
`{"op": "plan_instances", "infra": ID, "turn": N, "instances": [plain, ...], "happened": [...]}`
    Writes rows (state `planned`) and happenings; does nothing when N is no longer the newest turn.
    `{"turn": n, "planned": [ids]}`: [] when nothing was written. A row that is there already stays as it is.
`{"op": "changes", "infra": ID, "changes": [{"id": ID, field: value, ...}], "happened": [...]}`
    Writes the given fields (those of `Instance`) of rows. A change with `was` (a state) is only written while
    the row is in that state. An instance that becomes `dropped` leaves `condemned`; its row gets `ended` from
    the change. `{"turn": n, "refused": [ids]}`: of changes whose `was` no longer held, or without a row.
`{"op": "reached", "infra": ID, "turn": N, "phase": P, "error": {...} | None, "happened": [...]}`
    Sets `done` to N, the phase and the error, when N is the newest turn. `{"turn": n, "reached": bool}`.
    With phase `destroyed` the row is `ended`, too.
`{"op": "attached", "since": NUMBER | None}`
    `{"number": m, "changed": [{"infrastructure": {...}, "instances": [...], "working": bool}, ...],
    "left": [ids]}`: what is attached, neither paused nor being destroyed, and has changed (itself or its
    rows) after `since`; `left` are those that no longer are. `working`: a pass is waiting or at work.
`{"op": "places", "infra": ID}`
    Where machines of the infrastructure were ever asked for, also those that are dropped:
    `{"turn": n, "places": [{"provider": type, "place": {...}, "made": bool}, ...]}`.
`{"op": "heal", "infra": ID, "turn": N}`
    Submits a pass and begins a new turn, unless N is no longer the newest turn or a pass is waiting or at
    work. `{"turn": n, "healing": bool}`.

A happening is `{"instance": ID | None, "node": name | None, "kind": word, "detail": {...}}`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shoal.base.errors import ShoalError
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.plain import infrastructure_of, instance_of, plain
from shoal.infra.states import Phase

Ask = Callable[[Mapping[str, Any]], Any]
Change = Mapping[str, Any]


class Lost(Exception):
    """Say that the house did not answer, so that nothing more may be done; it is no error of a machine's."""


class Happened(NamedTuple):
    """Something to be told of, written together with the change that it tells of."""

    kind: str
    node: str | None = None
    instance: str | None = None
    detail: Mapping[str, Any] = {}


class Attached(NamedTuple):
    """An infrastructure that is kept, with its instances; `working` while a pass is."""

    infrastructure: Infrastructure
    instances: tuple[Instance, ...]
    working: bool


class Journal:
    """Ask the house about one infrastructure, and write down what is done to it.

    `turn` is the newest that the house has told of. Threads may share a journal.
    """

    def __init__(self, ask: Ask, infra: str) -> None:
        self._ask = ask
        self._infra = infra
        self.turn = 0

    def state(self) -> tuple[Infrastructure, list[Instance]]:
        """Return the infrastructure and its instances that are not dropped."""
        state = self._question("state", turn=None)["state"]
        return infrastructure_of(state["infrastructure"]), [instance_of(row) for row in state["instances"]]

    def listen(self) -> bool:
        """Ask for the newest turn only; say whether the infrastructure is paused."""
        return bool(self._question("state", turn=self.turn).get("paused"))

    def plan_instances(
        self, turn: int, instances: Sequence[Instance], happened: Sequence[Happened] = ()
    ) -> bool:
        """Write rows of machines that will be asked for; say whether they were (the wish is still `turn`)."""
        rows = [plain(instance) for instance in instances]
        told = _told(happened)
        return bool(self._question("plan_instances", turn=turn, instances=rows, happened=told)["planned"])

    def change(self, changes: Iterable[Change], happened: Sequence[Happened] = ()) -> frozenset[str]:
        """Write changes of rows, and return the ids of those that were refused."""
        answer = self._question(
            "changes", changes=[plain(each) for each in changes], happened=_told(happened)
        )
        return frozenset(answer["refused"])

    def reached(
        self, turn: int, phase: Phase, error: Mapping[str, Any] | None, happened: Sequence[Happened] = ()
    ) -> bool:
        """End a turn; say whether it was the newest."""
        told = _told(happened)
        answer = self._question("reached", turn=turn, phase=phase.value, error=error, happened=told)
        return bool(answer["reached"])

    def places(self) -> list[tuple[str, Mapping[str, Any], bool]]:
        """Return types and places that were ever asked for a machine, and whether one was surely made."""
        found = self._question("places")["places"]
        return [(each["provider"], each["place"], each["made"]) for each in found]

    def heal(self, turn: int) -> bool:
        """Ask for a pass; say whether one was submitted."""
        return bool(self._question("heal", turn=turn)["healing"])

    def _question(self, op: str, **said: Any) -> Any:
        try:
            answer = self._ask({"op": op, "infra": self._infra} | said)
        except ShoalError as error:
            raise Lost(f"The house does not answer a pass: {error}") from error
        self.turn = max(self.turn, int(answer["turn"]))
        return answer


def attached(ask: Ask, since: int | None) -> tuple[int, list[Attached], list[str]]:
    """Return a number to ask with the next time, what is kept and has changed, and what is kept no longer."""
    answer = ask({"op": "attached", "since": since})
    return answer["number"], [_attached(row) for row in answer["changed"]], list(answer["left"])


def _attached(row: Mapping[str, Any]) -> Attached:
    instances = tuple(instance_of(each) for each in row["instances"])
    return Attached(infrastructure_of(row["infrastructure"]), instances, bool(row["working"]))


def _told(happened: Sequence[Happened]) -> list[dict[str, Any]]:
    return [plain(each) for each in happened]
