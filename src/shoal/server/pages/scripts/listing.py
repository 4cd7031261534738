"""The scripts there are: /app/scripts."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action, Actor
from shoal.jobs.scripts.script import Script
from shoal.jobs.store import browsing
from shoal.server import offload
from shoal.server.faces import Face
from shoal.server.pages.address import Search
from shoal.server.pages.errors import error_page
from shoal.server.pages.frame import render
from shoal.server.pages.job.new import TITLES, offered
from shoal.server.rules import Rule, TheHouse

PATH = "/app/scripts"
router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Rule(Action.SCRIPT_READ))]


@router.get(PATH)
async def show(request: Request, house: TheHouse, actor: Reader, q: Search = "") -> Response:
    """List the scripts, and the sources that cannot be read."""
    every = await asyncio.to_thread(house.catalogue.scripts)
    broken = await asyncio.to_thread(house.catalogue.errors)
    owners = None if actor.admin else [actor.name]
    ran = await offload.read(house.database, lambda conn: browsing.last_calls(conn, owners))
    context = {
        "scripts": [one for one in every if _fits(one, q)],
        "total": len(every),
        "broken": broken,
        "ran": ran,
        "q": q,
        "others": [(name, TITLES[name]) for name in offered(house.settings, actor)],
        "folder": house.home.path / "scripts",
    }
    return render(request, "scripts.html.j2", context)


def _fits(script: Script, text: str) -> bool:
    words = text.lower().split()
    told = f"{script.name} {script.module} {script.summary}".lower()
    return all(word in told for word in words)


SCRIPT_LIST = Face("list of scripts", router, render=error_page, below="/app")
