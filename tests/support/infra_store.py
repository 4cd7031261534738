"""Infrastructures in a database in short words, each one transaction, without a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from shoal.base.clock import now
from shoal.base.database import Database
from shoal.base.faults import fault_point
from shoal.base.ids import new_id
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import described
from shoal.infra.kinds import register_kinds
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.passes.journal import Journal
from shoal.infra.plain import plain
from shoal.infra.states import Phase, State
from shoal.infra.store import journal, passing, reading, wishing
from shoal.infra.store.wishing import Bounds
from shoal.jobs.model import HOUSE, Lease, NewJob, Outcome, WorkerId
from shoal.jobs.states import State as JobState
from shoal.jobs.store import cancelling, finishing, leasing, submission

T = TypeVar("T")
POINT = fault_point("tests.infra_store", "A test changes an infrastructure.")
HOME = "home1"
MACHINES = 20
WIDE = Bounds(100, MACHINES)


def a_bundle(name: str = "lab", most: int = 5, least: int = 2, **more: Any) -> dict[str, Any]:
    """Return a bundle of a master and workers, as it is uploaded."""
    nodes = [
        {"name": "master", "type": "master_node"},
        {"name": "worker", "type": "worker_node", "scaling": {"min": least, "max": most}},
    ]
    simulated = [{"resource": {"type": "simulated", "price": 0.5}}]
    return {
        "description": {
            "user_id": "me",
            "infra_name": name,
            "nodes": nodes,
            "dependencies": [["worker", "master"]],
            **more,
        },
        "definitions": {"master_node": simulated, "worker_node": simulated},
        "places": {},
    }


def a_description(name: str = "lab", **more: Any) -> dict[str, Any]:
    """Return the plain form of a bundle's description."""
    described_as: dict[str, Any] = plain(described(bundle_of(a_bundle(name, **more)), {}))
    return described_as


class Infra:
    """A database with infrastructures in it; passes are leased and asked by hand."""

    def __init__(self, database: Database) -> None:
        register_kinds()
        self.database = database

    def write(self, work: Callable[[Connection], T]) -> T:
        return self.database.write(POINT, work)

    def build(
        self, name: str = "lab", owner: str = "me", key: str | None = None, bounds: Bounds = WIDE, **more: Any
    ) -> Infrastructure:
        new = Infrastructure(
            id=new_id(), owner=owner, name=name, phase=Phase.NEW, description=a_description(name, **more),
            targets={}, condemned=(), attached=True, paused=False, turn=0, done=0, job=None, error=None,
            created=0, changed=0, ended=None, home=HOME,
        )  # fmt: skip
        return self.write(partial(wishing.build, new=new, bounds=bounds, key=key))

    def scale(self, id: str, node: str = "worker", **wish: Any) -> Infrastructure:
        return self.write(partial(wishing.scale, id=id, node=node, machines=MACHINES, **wish))

    def update(self, id: str, version: int | None = None, **more: Any) -> Infrastructure:
        description = a_description(**more)
        return self.write(
            partial(wishing.update_to, id=id, description=description, machines=MACHINES, version=version)
        )

    def heal(self, id: str) -> Infrastructure:
        return self.write(partial(wishing.heal, id=id))

    def destroy(self, id: str) -> Infrastructure:
        return self.write(partial(wishing.destroy, id=id))

    def pause(self, id: str, paused: bool = True) -> Infrastructure:
        return self.write(partial(wishing.pause, id=id, paused=paused))

    def get(self, id: str) -> Infrastructure:
        return self.database.read(partial(reading.get, id=id))

    def machines(self, id: str, gone: bool = False) -> list[Instance]:
        return self.database.read(partial(reading.machines, infra=id, gone=gone))

    def happened(self, id: str) -> list[str]:
        return [one.kind for one in self.database.read(partial(reading.happened, infra=id))]

    def lease(self, n: int = 10, worker: str = "w") -> list[Lease]:
        """Lease passes, as the pool of the home does."""
        who, labels = WorkerId(worker, "here"), passing.labels_of(HOME)
        return self.write(lambda conn: leasing.lease(conn, who, n, labels, kinds=[passing.PASS]))

    def finish(self, lease: Lease, outcome: Outcome | None = None) -> bool:
        ended = outcome or Outcome(JobState.SUCCEEDED)
        return self.write(lambda conn: finishing.finish(conn, lease.token, ended))

    def cancel(self, job: int) -> None:
        self.write(lambda conn: cancelling.cancel(conn, [job]))

    def ask(self, question: Mapping[str, Any], job: int = 0) -> Any:
        return self.write(partial(journal.answer, job=job, question=question))

    def journal(self, id: str) -> Journal:
        return Journal(self.ask, id)

    def keeper(self) -> int:
        """Hand in the keeper's job, and return its id."""
        job = NewJob("infra.keeper", {"home": HOME}, labels=passing.labels_of(HOME))
        return self.write(lambda conn: submission.submit(conn, HOUSE, [job]))[0]

    def planned(self, infra: Infrastructure, n: int = 1, node: str = "worker", **more: Any) -> list[Instance]:
        """Plan machines, as a pass does before it asks a provider."""
        made = [an_instance(infra.id, node, number, **more) for number in range(1, n + 1)]
        assert self.journal(infra.id).plan_instances(infra.turn, made)
        return made

    def passed(self, infra: Infrastructure, phase: Phase = Phase.READY, error: Any = None) -> Infrastructure:
        """Do what a pass does, but for the machines: lease it, end its turn, end it."""
        (lease,) = self.lease()
        assert self.journal(infra.id).reached(infra.turn, phase, error)
        assert self.finish(lease)
        return self.get(infra.id)


def an_instance(infra: str, node: str = "worker", number: int = 1, **more: Any) -> Instance:
    """Return a machine that is planned."""
    moment = now()
    known: dict[str, Any] = {
        "id": new_id(), "infra": infra, "node": node, "number": number, "state": State.PLANNED,
        "provider": "simulated", "implementation": 0, "place": {}, "hash": "h", "price": 0.5,
        "name": f"lab-{node}-{number}", "created": moment, "since": moment,
    }  # fmt: skip
    return Instance(**(known | more))
