"""/script and /scripts: the functions that jobs may call."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.jobs.scripts.script import Script
from shoal.server.faces import Face
from shoal.server.jobserver.answers import refused
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.SCRIPT_READ))]


@router.get("/scripts")
async def list_scripts(house: TheHouse, actor: Reader) -> Response:
    """List the scripts."""
    found = await asyncio.to_thread(house.catalogue.scripts)
    return Json({"found": len(found), "scripts": [_told(each) for each in found]})


@router.get("/script/{name}")
async def read_script(name: str, house: TheHouse, actor: Reader) -> Response:
    """Describe a script."""
    return Json(_told(await asyncio.to_thread(house.catalogue.get, name)))


def _told(script: Script) -> dict[str, Any]:
    parameters = [each["name"] for each in script.parameters]
    first = [script.data_parameter] if script.data_parameter else []
    return {
        "name": script.name,
        "docstring": script.doc,
        "parameters": [*first, *(name for name in parameters if name not in first)],
    }


SCRIPTS = Face("scripts of Jobserver", router, render=refused, open=True, below="/script")
