"""The bodies that tell of infrastructures, and those that ask for them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shoal.server.api.paging import FREE_TEXT, LARGEST
from shoal.server.api.shapes.bodies import Page, Shape

PhaseWord = Literal["new", "building", "ready", "degraded", "failed", "destroying", "destroyed"]
StateWord = Literal[
    "planned", "creating", "pending", "configuring", "checking", "ready", "ailing", "failed", "draining",
    "dropping", "dropped",
]  # fmt: skip
ActWord = Literal["create", "replace", "drop", "keep"]


class BundleForm(BaseModel):
    """A description and node definitions, as they were read from files.

    `places` has the file and line of each value, by its JSON pointer into this object, so that faults name
    them.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    description: dict[str, Any] | None = Field(
        default=None, description="`user_id`, `infra_name`, `nodes`, `dependencies`, `variables`, `policy`"
    )
    definitions: dict[str, list[Any]] = Field(
        default_factory=dict, description="implementations of each type of node"
    )
    places: dict[str, list[str | int]] = Field(default_factory=dict)


class ScaleWish(BaseModel):
    """Ask for so many machines of a node, for more or fewer, or that one goes: one of the three."""

    model_config = ConfigDict(extra="forbid", strict=True)
    node: str = Field(min_length=1, max_length=64, pattern=FREE_TEXT)
    to: int | None = Field(default=None, ge=0, le=1_000_000)
    by: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)
    drop: str | None = Field(
        default=None, min_length=1, max_length=255, pattern=FREE_TEXT, description="its id, or an address"
    )


class PlanWish(BaseModel):
    """Ask for what a plan says: send it as it came."""

    model_config = ConfigDict(extra="allow")
    infra: str | None = Field(max_length=64)
    fingerprint: str = Field(max_length=128)
    digest: str = Field(max_length=128)
    bundle: BundleForm


class InfraFault(Shape):
    """Why what was wished was not reached."""

    code: str
    message: str


class NodeCount(Shape):
    """A node of an infrastructure: how many machines it has, shall have, and may have."""

    type: str
    min: int
    max: int
    target: int
    actual: int
    ready: int
    states: dict[str, int]


class InfraLine(Shape):
    """An infrastructure; times are UTC microseconds.

    `turn` counts the wishes, `done` is the last on which a pass has ended: `phase` and `error` say how.
    `job` is the newest pass. While it is `attached` it is healed; while `paused` nothing is done to it.
    """

    id: str
    owner: str
    name: str
    phase: PhaseWord
    attached: bool
    paused: bool
    turn: int = Field(le=LARGEST)
    done: int
    job: int | None
    error: InfraFault | None
    created: int
    changed: int
    ended: int | None
    nodes: dict[str, NodeCount]


class InfraShape(InfraLine):
    """An infrastructure with its description, without secrets; `condemned` machines are to go.

    `setback` says why the present pass failed, while it waits to be tried again.
    """

    setback: str | None
    condemned: list[str]
    levels: list[list[str]]
    description: dict[str, Any]


class InfraPage(Page):
    """Infrastructures, the newest first."""

    infrastructures: list[InfraLine]


class InstanceShape(Shape):
    """A machine of a node; `saw` are the instances of other nodes whose facts it was given."""

    id: str
    node: str
    number: int
    name: str
    state: StateWord
    reason: str
    provider: str
    implementation: int
    ref: str | None
    addresses: list[str]
    private: str | None
    tries: int
    price: float | None
    saw: dict[str, list[str]]
    created: int
    since: int
    ready: int | None
    failing_since: int | None
    missing_since: int | None
    ended: int | None


class InstancesShape(Shape):
    """Machines, the oldest first."""

    instances: list[InstanceShape]


class DescribedShape(Shape):
    """What a description says: its nodes in the order in which they are made."""

    name: str
    nodes: list[str]
    levels: list[list[str]]


class PlanStep(Shape):
    """What would become of a machine (`instance` null: a new one), and why; its price an hour, if known."""

    act: ActWord
    node: str
    reason: str
    level: int | None
    instance: str | None
    name: str | None
    addresses: list[str]
    price: float | None


class CostOfPlan(Shape):
    """What all machines cost an hour, now and then."""

    now: float
    then: float


class PlanShape(Shape):
    """What a wish would do; `levels` is the order, `ports` those that must be reachable.

    `bundle` is the wish, so that the plan can be applied as it is; `fingerprint` and `digest` tell whether
    something has changed since.
    """

    infra: str | None
    name: str
    turn: int
    changes: int
    steps: list[PlanStep]
    levels: list[list[str]]
    ports: dict[str, list[int]]
    cost: CostOfPlan
    warnings: list[str]
    fingerprint: str
    digest: str


class LogPart(Shape):
    """A part of a machine's log; ask on from `next`."""

    text: str
    next: int


class HappeningShape(Shape):
    """Something that happened in an infrastructure."""

    seq: int
    instance: str | None
    node: str | None
    kind: str
    detail: dict[str, Any]
    at: int


class HappeningPage(Page):
    """What happened in an infrastructure, oldest first."""

    events: list[HappeningShape]


class OutputsShape(Shape):
    """Addresses of machines by node, an ssh configuration, and files that machines have published."""

    nodes: dict[str, list[dict[str, Any]]]
    ssh_config: str
    published: list[dict[str, Any]]


class CostShape(Shape):
    """What machines cost an hour and have cost until now; those in `unknown` have no price."""

    per_hour: float
    so_far: float
    nodes: dict[str, Any]
    unknown: list[str]


class NamesShape(Shape):
    """The types whose definitions are kept now."""

    names: list[str]


class DefinitionShape(Shape):
    """A node definition: the types of resource of its implementations, in their order."""

    type: str
    resources: list[str]


class DefinitionsShape(Shape):
    """Node definitions by name."""

    definitions: list[DefinitionShape]


class OneDefinitionShape(DefinitionShape):
    """A node definition with its implementations, without secrets."""

    implementations: list[Any]


class OrphanShape(Shape):
    """A machine at a provider that carries our tag and that no infrastructure knows."""

    provider: str
    ref: str
    infra: str
    instance: str


class SweptShape(Shape):
    """Machines that nobody knows, and providers that could not be asked."""

    machines: list[OrphanShape]
    failed: list[dict[str, Any]]
