"""Which pages there are; a fixed path stands before the paths with an id that it looks like."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.pages.comparing import COMPARING
from shoal.server.pages.dataset_list import DATASET_LIST
from shoal.server.pages.dataset_page import DATASET_PAGE
from shoal.server.pages.home import HOME
from shoal.server.pages.infra.roster import infra_faces
from shoal.server.pages.job.roster import job_faces
from shoal.server.pages.jobs.acts import JOB_LIST_ACTS
from shoal.server.pages.jobs.page import JOB_LIST
from shoal.server.pages.live.roster import live_faces
from shoal.server.pages.queue.roster import queue_faces
from shoal.server.pages.scripts.roster import script_faces
from shoal.server.pages.signing_in import SIGNING_IN
from shoal.server.pages.static import static_face
from shoal.server.pages.study.roster import study_faces
from shoal.server.pages.study_list import STUDY_LIST
from shoal.server.pages.uploading import uploading_face


def page_faces(settings: Settings) -> list[Face]:
    """Return the faces of the pages."""
    return [
        HOME,
        SIGNING_IN,
        static_face(),
        DATASET_LIST,
        uploading_face(settings),
        DATASET_PAGE,
        STUDY_LIST,
        COMPARING,
        *study_faces(settings),
        JOB_LIST,
        JOB_LIST_ACTS,
        *job_faces(),
        *script_faces(settings),
        *queue_faces(),
        *live_faces(settings),
        *infra_faces(),
    ]
