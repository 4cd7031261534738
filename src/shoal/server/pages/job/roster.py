"""The faces of a job's pages."""

from __future__ import annotations

from shoal.server.faces import Face
from shoal.server.pages.job.acts import JOB_BUTTONS
from shoal.server.pages.job.new import NEW_JOB
from shoal.server.pages.job.page import JOB_PAGE


def job_faces() -> list[Face]:
    """Return the faces of a job's pages."""
    return [NEW_JOB, JOB_BUTTONS, JOB_PAGE]
