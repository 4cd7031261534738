"""Which faces Jobserver's requests have; they are answered on every listener."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.jobserver.data import DATA
from shoal.server.jobserver.datafiles import datafiles_face
from shoal.server.jobserver.info import INFO
from shoal.server.jobserver.job import JOB
from shoal.server.jobserver.jobs import JOBS
from shoal.server.jobserver.running import RUNNING
from shoal.server.jobserver.scripts import SCRIPTS


def jobserver_faces(settings: Settings) -> list[Face]:
    """Return the faces."""
    return [INFO, JOB, RUNNING, JOBS, datafiles_face(settings), DATA, SCRIPTS]
