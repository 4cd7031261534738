"""The faces of a study's pages; a fixed path stands before the paths with an id that it looks like."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.faces import Face
from shoal.server.pages.study.acts import STUDY_BUTTONS
from shoal.server.pages.study.fit import FIT_PAGE
from shoal.server.pages.study.new import NEW_STUDY
from shoal.server.pages.study.page import STUDY_PAGE
from shoal.server.pages.study.predict import predict_face


def study_faces(settings: Settings) -> list[Face]:
    """Return the faces of a study's pages."""
    return [NEW_STUDY, STUDY_BUTTONS, FIT_PAGE, predict_face(settings), STUDY_PAGE]
