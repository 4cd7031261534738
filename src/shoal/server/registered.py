"""Which faces this server has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.api.roster import api_faces
from shoal.server.cluserve.roster import cluserve_faces
from shoal.server.cqueue.roster import cqueue_faces
from shoal.server.faces import Face
from shoal.server.jobserver.roster import jobserver_faces
from shoal.server.kmeans_service.roster import kmeans_service_faces
from shoal.server.nodes.roster import node_faces
from shoal.server.occopus.roster import occopus_faces
from shoal.server.pages.roster import page_faces


def faces_of(settings: Settings) -> list[Face]:
    """Return the faces in the order in which their routes are tried."""
    return [
        *api_faces(settings),
        *page_faces(settings),
        *cluserve_faces(settings),
        *kmeans_service_faces(settings),
        *jobserver_faces(settings),
        *cqueue_faces(settings),
        *node_faces(settings),
        *occopus_faces(settings),
    ]
