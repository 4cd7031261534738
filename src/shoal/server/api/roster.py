"""Which faces the API has."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.api.datafiles import datafiles_face
from shoal.server.api.dataset_parts import DATASET_PARTS
from shoal.server.api.datasets import datasets_face
from shoal.server.api.description import DESCRIPTION
from shoal.server.api.events import EVENTS
from shoal.server.api.figures import FIGURES
from shoal.server.api.fits import FITS
from shoal.server.api.health import HEALTH
from shoal.server.api.infra import INFRASTRUCTURES
from shoal.server.api.infra_acts import INFRA_ACTS
from shoal.server.api.infra_definitions import NODE_DEFINITIONS
from shoal.server.api.infra_parts import INFRA_PARTS
from shoal.server.api.job_bulk import JOB_BULK
from shoal.server.api.job_logs import JOB_LOGS
from shoal.server.api.job_parts import JOB_PARTS
from shoal.server.api.job_submission import JOB_SUBMISSION
from shoal.server.api.jobs import JOBS
from shoal.server.api.limits import LIMITS
from shoal.server.api.live import LIVE
from shoal.server.api.live_acts import LIVE_ACTS
from shoal.server.api.live_parts import LIVE_PARTS
from shoal.server.api.live_rows import live_rows_face
from shoal.server.api.live_stream import LIVE_STREAM
from shoal.server.api.live_transfer import live_transfer_face
from shoal.server.api.models import MODELS
from shoal.server.api.objects import OBJECTS
from shoal.server.api.opened import OPENED
from shoal.server.api.reports import REPORTS
from shoal.server.api.schedules import SCHEDULES
from shoal.server.api.scripts import SCRIPTS
from shoal.server.api.studies import STUDIES
from shoal.server.api.study_acts import STUDY_ACTS
from shoal.server.api.study_history import STUDY_HISTORY
from shoal.server.api.study_parts import STUDY_PARTS
from shoal.server.api.study_use import study_use_face
from shoal.server.api.upkeep import UPKEEP
from shoal.server.api.uploads import uploads_face
from shoal.server.api.workers import WORKERS
from shoal.server.faces import Face


def api_faces(settings: Settings) -> list[Face]:
    """Return the faces of the API in the order in which their routes are tried."""
    return [
        HEALTH,
        DESCRIPTION,
        datasets_face(settings),
        DATASET_PARTS,
        uploads_face(settings),
        datafiles_face(settings),
        OBJECTS,
        STUDIES,
        STUDY_ACTS,
        STUDY_HISTORY,
        STUDY_PARTS,
        REPORTS,
        FITS,
        FIGURES,
        OPENED,
        MODELS,
        study_use_face(settings),
        JOBS,
        JOB_SUBMISSION,
        JOB_BULK,
        SCHEDULES,
        LIMITS,
        JOB_PARTS,
        JOB_LOGS,
        SCRIPTS,
        LIVE,
        LIVE_ACTS,
        live_rows_face(settings),
        LIVE_PARTS,
        LIVE_STREAM,
        live_transfer_face(settings),
        INFRASTRUCTURES,
        INFRA_ACTS,
        INFRA_PARTS,
        NODE_DEFINITIONS,
        EVENTS,
        UPKEEP,
        WORKERS,
    ]
