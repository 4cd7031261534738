"""Which faces Cluserve's documented requests have; `/ping` is that of the health checks."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.cluserve.bubbles import BUBBLES
from shoal.server.cluserve.playground import PLAYGROUND
from shoal.server.cluserve.posting import POSTING
from shoal.server.cluserve.socket import SOCKET
from shoal.server.faces import Face


def cluserve_faces(_: Settings) -> list[Face]:
    """Return the faces."""
    return [PLAYGROUND, POSTING, SOCKET, BUBBLES]
