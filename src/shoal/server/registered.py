"""Which faces this server has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.api.roster import api_faces
from shoal.server.faces import Face
from shoal.server.pages.signing_in import SIGNING_IN
from shoal.server.pages.static import static_face


def faces_of(settings: Settings) -> list[Face]:
    """Return the faces in the order in which their routes are tried."""
    return [
        *api_faces(settings),
        SIGNING_IN,
        static_face(),
    ]
