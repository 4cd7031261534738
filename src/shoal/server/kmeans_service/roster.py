"""Which faces K-Means Service's documented requests have; `/` itself is the home page's."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.kmeans_service.gallery import GALLERY
from shoal.server.kmeans_service.labels import LABELS
from shoal.server.kmeans_service.plots import PLOTS
from shoal.server.kmeans_service.report import REPORT
from shoal.server.kmeans_service.rerunning import RERUNNING
from shoal.server.kmeans_service.status import STATUS
from shoal.server.kmeans_service.submitting import submitting_face
from shoal.server.kmeans_service.task_page import TASK_PAGE


def kmeans_service_faces(settings: Settings) -> list[Face]:
    """Return the faces; `/report/task` stands before the reports with an id that it looks like."""
    return [submitting_face(settings), STATUS, TASK_PAGE, REPORT, PLOTS, LABELS, RERUNNING, GALLERY]
