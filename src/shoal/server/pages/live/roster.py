"""The faces of live tasks' pages; the form of a new one stands before the page of one."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.pages.live.acts import LIVE_BUTTONS
from shoal.server.pages.live.bringing import bringing_face
from shoal.server.pages.live.changing import LIVE_SETTINGS
from shoal.server.pages.live.listing import LIVE_LIST
from shoal.server.pages.live.new import NEW_LIVE
from shoal.server.pages.live.page import LIVE_PAGE
from shoal.server.pages.live.points import LIVE_POINTS
from shoal.server.pages.live.pushing import pushing_face
from shoal.server.pages.live.stream import LIVE_STREAMS


def live_faces(settings: Settings) -> list[Face]:
    """Return the faces of live tasks' pages."""
    return [
        LIVE_LIST,
        NEW_LIVE,
        bringing_face(settings),
        LIVE_SETTINGS,
        LIVE_BUTTONS,
        pushing_face(settings),
        LIVE_STREAMS,
        LIVE_POINTS,
        LIVE_PAGE,
    ]
