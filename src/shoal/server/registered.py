"""Which faces this server has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.datasets_api import datasets_face
from shoal.server.description import DESCRIPTION
from shoal.server.events_api import EVENTS
from shoal.server.faces import Face
from shoal.server.health import HEALTH
from shoal.server.joblogs_api import JOB_LOGS
from shoal.server.jobs_api import JOBS
from shoal.server.studies_api import STUDIES
from shoal.server.studyparts_api import STUDY_PARTS
from shoal.server.studyuse_api import study_use_face
from shoal.server.upkeep_api import UPKEEP


def faces_of(settings: Settings) -> list[Face]:
    """Return the faces in the order in which their routes are tried."""
    return [
        HEALTH,
        DESCRIPTION,
        datasets_face(settings),
        STUDIES,
        STUDY_PARTS,
        study_use_face(settings),
        JOBS,
        JOB_LOGS,
        EVENTS,
        UPKEEP,
    ]
