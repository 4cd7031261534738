"""Which faces this server has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.description import DESCRIPTION
from shoal.server.events_api import EVENTS
from shoal.server.faces import Face
from shoal.server.health import HEALTH


def faces_of(settings: Settings) -> list[Face]:
    """Return the faces in the order in which their routes are tried."""
    return [HEALTH, DESCRIPTION, EVENTS]
