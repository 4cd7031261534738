"""Passes run in this process, on a real journal and a simulated cloud, in a time of their own.

Nothing waits: who would sleep moves the clock. A fuse counts every question to the house and every call to a
provider, before and after it takes effect, and may end the pass there, as if its process had been killed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from shoal.base.clock import now
from shoal.base.database import Database
from shoal.base.errors import Unavailable
from shoal.base.ids import new_id
from shoal.infra.deciding.patience import Patience
from shoal.infra.describing.bundle import bundle_of
from shoal.infra.describing.descriptions import described
from shoal.infra.model import Infrastructure, Instance
from shoal.infra.passes.around import Around
from shoal.infra.passes.board import Board
from shoal.infra.passes.clouds import Clouds
from shoal.infra.passes.course import Pass
from shoal.infra.passes.health.checks import trouble
from shoal.infra.passes.journal import Journal, attached
from shoal.infra.passes.kept import Kept
from shoal.infra.passes.preparing import Templates
from shoal.infra.plain import plain
from shoal.infra.providers.provider import Machine, Means, Order
from shoal.infra.providers.simulated import Simulated
from shoal.infra.providers.simulation.cloud import Cloud
from shoal.infra.providers.simulation.faults import CONTROL
from shoal.infra.states import Phase, State
from shoal.infra.store import journal, wishing
from shoal.infra.store.wishing import Bounds
from shoal.infra.templating.renderer import Renderer
from shoal.jobs.workers.context import Failed
from tests.support.infra_store import HOME, POINT, Infra

T = TypeVar("T")
WIDE = Bounds(1000, 2000)
QUICK = Patience(missing=5, fresh=4, leaving=1, swap=20, retry=1, slowest=4, listed={"simulated": 3.0})


class Killed(BaseException):
    """End a pass where it stands."""


class Clock:
    """A time that only moves when somebody sleeps; what this machine takes it for may jump."""

    def __init__(self) -> None:
        self.now = now()
        self._wrong = 0
        self._due: list[tuple[int, Callable[[], object]]] = []
        self.watch: Callable[[], object] = lambda: None

    def seconds(self) -> float:
        return self.now / 1e6

    def microseconds(self) -> int:
        self.now += 50  # No two things happen at once.
        return self.now + self._wrong

    def steady(self) -> Callable[[], int]:
        """Return what tells the time as it is now taken to be, however it jumps afterwards."""
        wrong = self._wrong

        def told() -> int:
            self.now += 50
            return self.now + wrong

        return told

    def jump(self, seconds: float) -> None:
        """Set this machine's clock forward, or back."""
        self._wrong += round(seconds * 1e6)

    def sleep(self, seconds: float) -> None:
        end = self.now + round(seconds * 1e6)
        for moment, do in sorted(self._due, key=lambda due: due[0]):
            if moment <= end:
                self._due.remove((moment, do))
                self.now = max(self.now, moment)
                do()
        self.now = max(self.now, end)
        self.watch()

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something when somebody sleeps that long."""
        self._due.append((self.now + round(seconds * 1e6), do))


@dataclass
class Fuse:
    """Blow when the n-th thing happens, and stay so: what is dead does nothing more."""

    blows: int | None = None
    count: int = 0

    def burn(self) -> None:
        self.count += 1
        if self.blows is not None and self.count >= self.blows:
            raise Killed

    def around(self, do: Callable[[], T]) -> T:
        """Do something that changes the world, and die before or after it."""
        self.burn()
        answer = do()
        self.burn()
        return answer

    def reading(self, do: Callable[[], T]) -> T:
        """Do what changes nothing; the dead do not even that."""
        if self.blows is not None and self.count >= self.blows:
            raise Killed
        return do()


class Inline(Executor):
    """Do at once what is submitted; only being killed goes up to who submits."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Fused:
    """A simulated provider behind a fuse."""

    def __init__(self, inner: Simulated, fuse: Fuse, world: World, endpoint: str) -> None:
        self._inner, self._fuse, self._world, self._endpoint = inner, fuse, world, endpoint
        self.contextualises = world.contextualises

    def create(self, order: Order) -> str:
        return self._fuse.around(lambda: self._inner.create(order))

    def machines(self, infra: str) -> Sequence[Machine]:
        if self._endpoint in self._world.away:
            raise Unavailable(f"The cloud {self._endpoint} is away.")
        return self._fuse.reading(lambda: self._inner.machines(infra))

    def drop(self, infra: str, instance: str, ref: str | None) -> None:
        self._fuse.around(lambda: self._inner.drop(infra, instance, ref))

    def run(self, ref: str, script: str, tell: Callable[[bytes], None], timeout: float) -> int:
        self._fuse.around(lambda: self._world.runs.append(script))
        tell(b"== done\n")
        return 0

    def troubles(self, infra: str) -> Mapping[str, str]:
        return self._inner.troubles(infra)

    def price(self, resource: Mapping[str, Any]) -> float | None:
        return self._inner.price(resource)

    def clean(self, infra: str) -> None:
        self._fuse.around(lambda: self._inner.clean(infra))
        self._world.cleaned.append(self._endpoint)


@dataclass
class World:
    """One house, one cloud."""

    database: Database
    folder: Path
    renderer: Renderer
    contextualises: bool = True
    clock: Clock = field(default_factory=Clock)
    runs: list[str] = field(default_factory=list)
    cleaned: list[str] = field(default_factory=list)  # the endpoints that were cleaned
    away: set[str] = field(default_factory=set)  # the endpoints that show nothing
    patience: Patience = QUICK

    def __post_init__(self) -> None:
        self.house = Infra(self.database)
        self.cloud = Cloud(self.folder, self.clock.seconds)

    def build(self, description: Mapping[str, Any]) -> str:
        new = Infrastructure(
            id=new_id(), owner="me", name=description["name"], phase=Phase.NEW, description=description,
            targets={}, condemned=(), attached=True, paused=False, turn=0, done=0, job=None, error=None,
            created=0, changed=0, ended=None, home=HOME,
        )  # fmt: skip
        return self.house.write(partial(wishing.build, new=new, bounds=WIDE)).id

    def update(self, id: str, description: Mapping[str, Any]) -> None:
        self.house.write(partial(wishing.update_to, id=id, description=description, machines=2000))

    def scale(self, id: str, node: str, **wish: Any) -> None:
        self.house.write(partial(wishing.scale, id=id, node=node, machines=2000, **wish))

    def run(self, id: str, fuse: Fuse | None = None) -> dict[str, Any]:
        """Run a pass to its end; returns what it gives, or gave when it failed."""
        fuse = fuse or Fuse()
        try:
            return self.a_pass(id, fuse).run()
        except Failed as failure:
            return {**(failure.result or {}), "error": failure.error}
        except Unavailable as error:
            return {"error": error.as_problem()}
        finally:
            for lease in self.house.lease():
                self.house.finish(lease)

    def keeper(self) -> Callable[[], None]:
        """Return what looks once at everything that is attached, as the keeper does."""
        job, kept, number = self.house.keeper(), dict[str, Kept](), None

        def ask(question: Mapping[str, Any]) -> Any:
            return self.house.ask(question, job)

        def look() -> None:
            nonlocal number
            number, changed, left = attached(ask, number)
            for id_ in left:
                kept.pop(id_, None)
            for told in changed:
                id_ = told.infrastructure.id
                clouds = Clouds(self._providers(Fuse()))
                known = Kept(ask, clouds, Templates(id_, self.renderer), self.clock.microseconds)
                kept.setdefault(id_, known).learn(told)
            for each in kept.values():
                each.keep(Inline(), 10.0, self.patience)

        return look

    def kept(self, id: str, look: Callable[[], None], seconds: float) -> int:
        """Let the keeper look for some time, and run the passes that it asks for; return how many."""
        passes, end = 0, self.clock.now + seconds * 1e6
        while self.clock.now < end:
            look()
            if (infra := self.house.get(id)).done < infra.turn:
                passes += 1
                self.run(id)
            self.clock.sleep(5)
        return passes

    def _providers(self, fuse: Fuse) -> Callable[[str, Mapping[str, Any]], Fused]:
        def made(kind: str, place: Mapping[str, Any]) -> Fused:
            inner = Simulated(place, Means(str(self.folder)), self.clock.seconds)
            return Fused(inner, fuse, self, str(place.get("endpoint", "")))

        return made

    def a_pass(self, id: str, fuse: Fuse) -> Pass:
        def ask(question: Mapping[str, Any]) -> Any:
            work = partial(journal.answer, job=0, question=question)
            do = fuse.reading if question["op"] in ("state", "attached") else fuse.around
            return do(lambda: self.database.submit(POINT, work, relaxed=True).result())

        clock = self.clock.steady()
        around = Around(
            infra=id, board=Board(Journal(ask, id), clock=clock), clouds=Clouds(self._providers(fuse)),
            prepare=Templates(id, self.renderer), check=trouble,
            log=lambda instance: nullcontext(lambda piece: None), publish=lambda *file: None,
            clock=clock, sleep=self.clock.sleep, patience=self.patience,
        )  # fmt: skip
        return Pass(around, Inline(), 32, lambda: None)

    def fail(self, *faults: Mapping[str, Any]) -> None:
        """Let the cloud fail from now on; without a fault, no longer."""
        (self.folder / CONTROL).write_text(json.dumps(faults))

    def release(self, id: str) -> None:
        self.house.write(partial(wishing.release, id=id))

    def fewest_ready(self, id: str, node: str) -> Callable[[], int]:
        """Watch a node, and return what tells how few of it were ready at once."""
        found: list[int] = []

        def count() -> None:
            ready = [each for each in self.machines(id) if (each.node, each.state) == (node, State.READY)]
            found.append(len(ready))

        self.clock.watch = count
        return lambda: min(found)

    def machines(self, id: str) -> list[Instance]:
        return self.house.machines(id)

    def counts(self, id: str) -> dict[str, int]:
        """Return how many machines the cloud really has, by node."""
        found: dict[str, int] = {}
        for row in self.cloud.there():
            if row.infra == id:
                found[row.node] = found.get(row.node, 0) + 1
        return found

    def is_whole(self, id: str) -> bool:
        """Say whether the machines of the cloud are those of the rows, one by one."""
        return sorted(row.instance for row in self.cloud.there() if row.infra == id) == sorted(
            each.id for each in self.machines(id)
        )


def settled(world: World, id: str, fuse: Fuse | None = None) -> dict[str, Any]:
    """Run passes until one ends by itself; the first ones may be killed where the fuse says."""
    for _ in range(5):
        try:
            result = world.run(id, fuse)
        except Killed:
            fuse = None
            continue
        if "error" not in result:
            break
    return result


def a_description(
    nodes: Mapping[str, int | tuple[int, int]],
    needs: Sequence[tuple[str, str]] = (),
    resources: Mapping[str, Any] | None = None,
    contexts: Mapping[str, str] | None = None,
    policy: Mapping[str, Any] | None = None,
    health: Mapping[str, Any] | None = None,
    drain: Mapping[str, str] | None = None,
    least: int | None = None,
    kind: str = "simulated",
    **more: Any,
) -> dict[str, Any]:
    """Return a plain description of simulated machines.

    `nodes` are numbers, or least and most; `resources` are keys (or a list of several sections' keys) by
    node, `contexts` shell commands that are templates.
    """
    resources, contexts, policy = resources or {}, contexts or {}, policy or {}
    bare = {"type": kind, "delay": 2} if kind == "simulated" else {"type": kind}
    listed: list[dict[str, Any]] = []
    definitions: dict[str, list[dict[str, Any]]] = {}
    for name, number in nodes.items():
        lowest, most = number if isinstance(number, tuple) else (least or number, max(number, 50))
        listed.append({"name": name, "type": f"{name}_type", "scaling": {"min": lowest, "max": most}})
        sections = resources.get(name, {})
        sections = sections if isinstance(sections, list) else [sections]
        made: list[dict[str, Any]] = [{"resource": {**bare, **section}} for section in sections]
        for each in made:
            if name in contexts:
                template = {"runcmd": [contexts[name]]}
                each["contextualisation"] = {"type": "cloudinit", "context_template": template}
            if health and name in health:
                each["health_check"] = health[name]
            if drain and name in drain:
                each["drain"] = drain[name]
        definitions[f"{name}_type"] = made
    bundle = {
        "description": {
            "user_id": "me", "infra_name": "lab", "nodes": listed,
            "dependencies": [list(pair) for pair in needs],
            **({"policy": dict(policy)} if policy else {}), **more,
        },
        "definitions": definitions,
        "places": {},
    }  # fmt: skip
    found: dict[str, Any] = plain(described(bundle_of(bundle), {}))
    return found
