"""Functions that may be run: /api/v1/scripts."""

from __future__ import annotations

import asyncio
import shlex
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.jobs.scripts.script import Script
from shoal.server.api.paging import FREE_TEXT
from shoal.server.api.shapes.scripts import ScriptList, ScriptShape
from shoal.server.faces import Face
from shoal.server.replies import Json
from shoal.server.rules import Rule, TheHouse

LINE = ("name", "summary", "module", "version", "code_hash", "data_parameter", "parameters")
router = APIRouter(prefix="/api/v1/scripts", tags=["scripts"])
Reader = Annotated[Actor, Depends(Rule(Action.SCRIPT_READ))]
Name = Annotated[str, Path(max_length=255, pattern=FREE_TEXT, description="the script's name")]


@router.get("", operation_id="list_scripts", summary="List scripts", response_model=ScriptList)
async def list_scripts(house: TheHouse, actor: Reader) -> Response:
    """List every function that may be run, and the modules that cannot be read."""
    found = await asyncio.to_thread(house.catalogue.scripts)
    errors = await asyncio.to_thread(house.catalogue.errors)
    return Json(
        {"scripts": [_line(one) for one in found], "errors": [_trouble(one, actor) for one in errors]}
    )


@router.get("/{name}", operation_id="read_script", summary="Describe a script", response_model=ScriptShape)
async def read_script(name: Name, request: Request, house: TheHouse, actor: Reader) -> Response:
    """Say what a function does and takes, as JSON Schema and as a form, and how to run it."""
    script = await asyncio.to_thread(house.catalogue.get, name)
    whole = {part: getattr(script, part) for part in ("doc", "schema", "form")}
    return Json(_line(script) | whole | {"call": _call(script, str(request.base_url))})


def _line(script: Script) -> dict[str, Any]:
    return {part: getattr(script, part) for part in LINE}


def _trouble(error: dict[str, str], actor: Actor) -> dict[str, str]:
    """Return what is wrong with a module; where in its code is for who can mend it."""
    return error if actor.admin else {name: error[name] for name in ("source", "module", "message")}


def _call(script: Script, server: str) -> dict[str, Any]:
    body = orjson.dumps(script.example).decode()
    words = ["curl", f"{server.rstrip('/')}/api/v1/jobs", "--json", body]
    return {"request": script.example, "curl": shlex.join(words)}


SCRIPTS = Face("scripts", router)
