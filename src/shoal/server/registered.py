"""Which faces this server has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.api.datasets import datasets_face
from shoal.server.api.description import DESCRIPTION
from shoal.server.api.events import EVENTS
from shoal.server.api.health import HEALTH
from shoal.server.api.job_logs import JOB_LOGS
from shoal.server.api.jobs import JOBS
from shoal.server.api.opened import OPENED
from shoal.server.api.studies import STUDIES
from shoal.server.api.study_parts import STUDY_PARTS
from shoal.server.api.study_use import study_use_face
from shoal.server.api.upkeep import UPKEEP
from shoal.server.faces import Face
from shoal.server.pages.signing_in import SIGNING_IN
from shoal.server.pages.static import static_face


def faces_of(settings: Settings) -> list[Face]:
    """Return the faces in the order in which their routes are tried."""
    return [
        HEALTH,
        DESCRIPTION,
        datasets_face(settings),
        STUDIES,
        STUDY_PARTS,
        OPENED,
        study_use_face(settings),
        JOBS,
        JOB_LOGS,
        EVENTS,
        UPKEEP,
        SIGNING_IN,
        static_face(),
    ]
