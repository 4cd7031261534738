"""The faces of the pages of scripts."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.pages.scripts.listing import SCRIPT_LIST
from shoal.server.pages.scripts.page import script_face


def script_faces(settings: Settings) -> list[Face]:
    """Return the faces of the pages of scripts."""
    return [SCRIPT_LIST, script_face(settings)]
