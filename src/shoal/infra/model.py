"""What an infrastructure is: the values that rooms inside `infra` hand to each other (times in µs).

Everything has a plain form (`plain`, `*_of` in `infra/plain.py`), which is what rows, jobs and answers hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shoal.infra.states import Phase, State


@dataclass(frozen=True, slots=True)
class Database:
    """A MySQL database that a health check logs in to."""

    name: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Health:
    """What must hold before a machine counts as ready; `timeout` is how long failing is borne, in seconds."""

    ping: bool = True
    ports: tuple[int, ...] = ()
    urls: tuple[str, ...] = ()
    mysqldbs: tuple[Database, ...] = ()
    timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class Implementation:
    """One way to make a node of a type: sections as they were written, templates not rendered.

    `drain` is a shell script that a machine runs before it is dropped, `publish` names files that a node
    shows to others as outputs; both are our additions.
    """

    resource: Mapping[str, Any]
    contextualisation: Mapping[str, Any] = field(default_factory=lambda: {"type": "basic"})
    config_management: Mapping[str, Any] | None = None
    health: Health = Health()
    drain: str = ""
    publish: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the description: a name, a type, how many, and what its templates may use.

    `variables` are those of the infrastructure with the node's merged over them.
    """

    name: str
    type: str
    least: int = 1
    most: int = 1
    filter: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """`dependent` needs `dependee`: that is there, and healthy, first."""

    dependent: str
    dependee: str
    mappings: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """How carefully instances are replaced: our additions, under the key `policy` of a description.

    `unavailable` is how many instances of a node may be replaced at once; when more than `brake` (a share) of
    a node's instances, and more than one, would be replaced for failing, nothing is replaced until a person
    says so. `budget` is what all machines together may cost an hour.
    """

    unavailable: int = 1
    brake: float = 0.5
    start_timeout: float = 1800.0
    drain_timeout: float = 120.0
    attempts: int = 3
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """An infrastructure as it is wanted; `definitions` are those of the types that its nodes have."""

    name: str
    user_id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    definitions: Mapping[str, tuple[Implementation, ...]] = field(default_factory=dict)
    policy: Policy = Policy()

    def node(self, name: str) -> Node | None:
        """Return a node by its name, None when there is none."""
        return next((node for node in self.nodes if node.name == name), None)


class Instance(NamedTuple):
    """One machine of a node, from before it was asked for until after it is gone.

    `implementation` is the index in its type's definition; `provider` and `place` (the part of the resource
    section that finds it again: endpoint, region, ...) are kept because a definition may change meanwhile.
    `hash` is of what it was made from; `saw` are the instances of other nodes whose facts it was given.
    `failing_since` is when its health began to fail, `missing_since` when its provider stopped showing it,
    `since` when it got its state. `price` is per hour.
    """

    id: str
    infra: str
    node: str
    number: int
    state: State
    provider: str
    implementation: int
    place: Mapping[str, Any]
    hash: str
    name: str
    ref: str | None = None
    addresses: tuple[str, ...] = ()
    private: str | None = None
    saw: Mapping[str, Sequence[str]] = {}
    tries: int = 0
    reason: str = ""
    price: float | None = None
    created: int = 0
    since: int = 0
    ready: int | None = None
    failing_since: int | None = None
    missing_since: int | None = None
    ended: int | None = None


class Infrastructure(NamedTuple):
    """An infrastructure as its row holds it.

    `targets` are the wanted numbers of those nodes that were scaled; `condemned` are instances that somebody
    chose to drop. `turn` grows with every wish (build, update, scale, destroy), `version` with everything
    that makes a plan stale. `done` is the last turn that a pass has ended on: `phase` and `error` say how.
    `job` is the newest pass. While `attached` it is healed. `released` says that a person lets the next pass
    replace as many machines as fail. `home` names the home that holds its secrets and logs.
    """

    id: str
    owner: str
    name: str
    phase: Phase
    description: Mapping[str, Any]
    targets: Mapping[str, int]
    condemned: tuple[str, ...]
    attached: bool
    paused: bool
    turn: int
    done: int
    job: int | None
    error: Mapping[str, Any] | None
    created: int
    changed: int
    ended: int | None
    version: int = 0
    released: bool = False
    home: str = ""


class Happening(NamedTuple):
    """Something that happened in an infrastructure: `kind` is Occopus' event name where it has one."""

    seq: int
    infra: str
    instance: str | None
    node: str | None
    kind: str
    detail: Mapping[str, Any]
    at: int
