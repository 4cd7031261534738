"""Who asks: the node behind a request of the worker protocol."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

from shoal import __version__
from shoal.access import Action
from shoal.access.node_tokens import NodeToken
from shoal.base.errors import Conflict, Forbidden
from shoal.jobs.nodes.members import Node
from shoal.server.rules import Rule

VERSION = "Shoal-Version"
WORK = Depends(Rule(Action.WORKER_WORK))
Version = Annotated[str, Header(alias=VERSION, max_length=255)]
# Proves that an attempt is the node's: each has its own.
Attempt = Annotated[str, Header(alias="Shoal-Attempt", max_length=100)]


async def joining(request: Request, version: Version = "") -> Node:
    """Return the node that shows its joining token; raises Forbidden and Conflict."""
    return _node(request, "node", version)


async def joined(request: Request, version: Version = "") -> Node:
    """Return the node that shows the token of its session; raises Forbidden and Conflict."""
    return _node(request, "session", version)


Joining = Annotated[Node, Depends(joining)]
Joined = Annotated[Node, Depends(joined)]


def _node(request: Request, use: str, version: str) -> Node:
    token: NodeToken = request.state.token
    node: Node = request.state.node
    if token.use != use:
        raise Forbidden(f"This wants the {use} token of node {node.name}, not its {token.use} token.")
    if version != __version__:
        raise Conflict(
            f"This server is Shoal {__version__}, and node {node.name} runs {version or 'an unknown one'}.",
            hint=f"Install the same there: pip install shoal=={__version__}",
            code="node_version",
        )
    return node
