"""The routes of assets: one fixed path each, open to everyone, for a sign-in page needs its style."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from shoal.access import Action
from shoal.server.faces import Face
from shoal.server.pages.assets import Asset, assets, compressed
from shoal.server.rules import Rule

FOR_EVER = "public, max-age=31536000, immutable"


def static_face() -> Face:
    """Return the face of all assets."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(Rule(Action.SERVER_PING))])
    for asset in assets().values():
        router.add_api_route(asset.path, _sender(asset), methods=["GET"], response_class=Response)
    return Face("static", router)


def _sender(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def send(request: Request) -> Response:
        """Send the asset."""
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(await asyncio.to_thread(asset.read), media_type=asset.media_type, headers=headers)
        content = await asyncio.to_thread(compressed, asset)
        return Response(content, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})

    return send
