"""Which machines may join, which have joined, and what they offer; every function is given a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from shoal.access.node_tokens import NodeToken, checked_name, new_token
from shoal.base.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from shoal.base.transaction import now
from shoal.jobs import kinds
from shoal.jobs.model import WorkerId
from shoal.jobs.nodes.tables import nodes
from shoal.jobs.store import finishing, lanes
from shoal.jobs.store.tables import workers

# Only the server's own pool offers this label.
HOUSE = "house"
_AWAY: dict[str, Any] = {
    "session": None,
    "joined": None,
    "turn": 0,
    "host": "",
    "version": "",
    "workers": 0,
    "labels": [],
    "resources": {},
    "kinds": [],
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a machine says when it joins: `kinds` are those that it knows, `resources` amounts by name."""

    host: str
    version: str
    workers: int
    labels: tuple[str, ...]
    resources: Mapping[str, float]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that may join; `joined` is None while it has not, and its offer is empty then."""

    name: str
    created: int
    joined: int | None
    offer: Offer

    @property
    def worker(self) -> WorkerId:
        """Return under which name it takes jobs."""
        return worker_of(self.name, self.offer.host)


def worker_of(name: str, host: str = "") -> WorkerId:
    """Return under which name a node takes jobs."""
    return WorkerId(f"node:{name}", host)


def invite(conn: Connection, name: str) -> str:
    """Return a new token with which a machine can join under a name; one before it is void.

    Raises:
        InvalidInput: no node can have this name.
    """
    token, kept = new_token("node", checked_name(name))
    remove(conn, name)
    conn.execute(insert(nodes).values(name=name, token=kept, created=now(conn), **_AWAY))
    return token


def remove(conn: Connection, name: str) -> bool:
    """Take back a node's token and its jobs, at once; False when there is no such node."""
    finishing.abandon(conn, worker=worker_of(name))
    conn.execute(delete(workers).where(_is(name)))
    return bool(conn.execute(delete(nodes).where(nodes.c.name == name)).rowcount)


def list_nodes(conn: Connection) -> list[Node]:
    """Return every node by name."""
    return [_node(row) for row in conn.execute(select(nodes).order_by(nodes.c.name))]


def get(conn: Connection, name: str) -> Node:
    """Return a node; raises NotFound."""
    row = _row(conn, name)
    if row is None:
        raise NotFound(f"There is no node {name}.", hint="`shoal node list` shows those that there are.")
    return _node(row)


def recognise(conn: Connection, presented: NodeToken) -> Node:
    """Return whose token this is.

    Raises:
        Unauthenticated: it was taken back, or never was one.
        Conflict: its node has joined anew since (code `node_replaced`).
    """
    row = _row(conn, presented.name)
    if row is None or (presented.use == "node" and not presented.is_one(row.token)):
        raise Unauthenticated(
            f"This token does not let node {presented.name} in.",
            hint=f"Make a new one at the server: shoal node token {presented.name}",
        )
    if presented.use == "session" and not presented.is_one(row.session):
        raise Conflict(
            f"Another worker has joined as node {presented.name} since.",
            hint="Give each machine a name and a token of its own.",
            code="node_replaced",
        )
    return _node(row)


def join(conn: Connection, name: str, offer: Offer) -> str:
    """Let a machine in under a node's name and return the token of its session.

    Who was in under this name before is out, and the jobs it had are done again.

    Raises:
        InvalidInput: it offers a label that it cannot have.
    """
    for label in offer.labels:
        if label == HOUSE or label.startswith("host:") or not label.strip():
            raise InvalidInput(f"A node cannot offer the label {label!r}.", hint="Choose another.")
    token, kept = new_token("session", name)
    finishing.abandon(conn, worker=worker_of(name))
    values = asdict(offer) | {"session": kept, "joined": now(conn), "turn": 0}
    conn.execute(update(nodes).where(nodes.c.name == name).values(values))
    return token


def take_turn(conn: Connection, name: str, turn: int) -> None:
    """Pass when this is a newer request for jobs than all before.

    Raises:
        Conflict: it was late, and a newer one has been answered.
    """
    newer = update(nodes).where(nodes.c.name == name, nodes.c.turn < turn).values(turn=turn)
    if not conn.execute(newer).rowcount:
        raise Conflict("A newer request for jobs was answered before this one.", code="late_request")


def leave(conn: Connection, name: str) -> None:
    """Let a machine go; what it had not given back is done again."""
    finishing.abandon(conn, worker=worker_of(name))
    conn.execute(update(workers).where(_is(name)).values(seen=0))  # Whether it is to drain is kept.
    conn.execute(update(nodes).where(nodes.c.name == name).values(session=None, joined=None))


def may_do(node: Node) -> list[str]:
    """Return the kinds of job that a node may be given: known on both sides, and not only for the house."""
    known = kinds.registered()
    return [name for name in node.offer.kinds if name in known and known[name].elsewhere]


def has_work(conn: Connection, node: Node) -> bool:
    """Say whether a job is ready that a node could do if it were idle."""
    own = frozenset((*node.offer.labels, f"host:{node.offer.host}"))
    known = may_do(node)
    return any(lane.fits(own, node.offer.resources, known) for lane in lanes.ready(conn))


def _is(name: str) -> ColumnElement[bool]:
    return workers.c.name == worker_of(name).name


def _row(conn: Connection, name: str) -> Row[Any] | None:
    return conn.execute(select(nodes).where(nodes.c.name == name)).one_or_none()


def _node(row: Row[Any]) -> Node:
    offer = Offer(row.host, row.version, row.workers, tuple(row.labels), row.resources, tuple(row.kinds))
    return Node(row.name, row.created, row.joined, offer)
