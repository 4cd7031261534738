"""Which faces nodes speak with."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.nodes.calls import WORKER_CALLS
from shoal.server.nodes.files import worker_files_face


def node_faces(settings: Settings) -> list[Face]:
    """Return the faces of the worker protocol."""
    return [WORKER_CALLS, worker_files_face(settings)]
