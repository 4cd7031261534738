"""Who works, and the nodes that may: /api/v1/workers and /api/v1/nodes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Connection
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.base.errors import NotFound
from shoal.base.faults import fault_point
from shoal.jobs.nodes import members
from shoal.jobs.nodes.overview import NODE, list_workers
from shoal.jobs.store import registry
from shoal.server import offload
from shoal.server.api.shapes.workers import NewNode, NodeShape, WorkerList
from shoal.server.faces import Face
from shoal.server.parts import House
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

DRAIN = fault_point("workers.drain", "A worker is told to take no more jobs, or to take them again.")
INVITE = fault_point("nodes.invite", "The token of a node is made.")
REMOVE = fault_point("nodes.remove", "The token of a node is taken back.")
router = APIRouter(prefix="/api/v1", tags=["workers"])
Reader = Annotated[Actor, Depends(Rule(Action.WORKER_READ))]
Changer = Annotated[Actor, Depends(Rule(Action.WORKER_CHANGE))]
Name = Annotated[str, Path(max_length=1024, description="a node's name, or that of a server's own pool")]


@router.get("/workers", operation_id="list_workers", summary="Who works", response_model=WorkerList)
async def show_workers(house: TheHouse, actor: Reader) -> Response:
    """List every pool and node with what it runs."""
    found = await offload.read(house.database, list_workers)
    return Json({"workers": [asdict(each) for each in found]})


@router.post(
    "/workers/{name:path}/drain", operation_id="drain_worker", summary="Take no more jobs", status_code=204
)
async def drain(name: Name, house: TheHouse, actor: Changer) -> Response:
    """Give a worker no more jobs; what it has it goes on with."""
    return await _drain(house, name, True)


@router.post(
    "/workers/{name:path}/resume", operation_id="resume_worker", summary="Take jobs again", status_code=204
)
async def resume(name: Name, house: TheHouse, actor: Changer) -> Response:
    """Give a worker jobs again."""
    return await _drain(house, name, False)


@router.post(
    "/nodes",
    operation_id="invite_node",
    summary="Let a machine join",
    status_code=201,
    response_model=NodeShape,
)
async def invite(given: NewNode, house: TheHouse, actor: Changer) -> Response:
    """Make the token with which a machine joins under a name; one before it is void from now on."""
    token = await offload.write(house.database, INVITE, lambda conn: members.invite(conn, given.name))
    return Json({"name": given.name, "token": token}, status_code=201)


@router.delete("/nodes/{name}", operation_id="remove_node", summary="Shut a machine out", status_code=204)
async def remove(name: Name, house: TheHouse, actor: Changer) -> Response:
    """Take a node's token back; what it runs is done again by others."""
    is_known = "\0" not in name and await offload.write(
        house.database, REMOVE, lambda conn: members.remove(conn, name)
    )
    if not is_known:
        raise NotFound(f"There is no node {name}.")
    return Response(status_code=204)


async def _drain(house: House, name: str, on: bool) -> Response:
    if "\0" in name:
        raise NotFound(f"There is no worker {name!r}.")

    def act(conn: Connection) -> None:
        is_node = any(node.name == name for node in members.list_nodes(conn))
        registry.drain(conn, NODE + name if is_node else name, on)

    await offload.write(house.database, DRAIN, act)
    return Response(status_code=204)


WORKERS = Face("workers", router)
