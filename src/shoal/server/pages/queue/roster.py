"""The faces of the queue's page."""

from __future__ import annotations

from shoal.server.faces import Face
from shoal.server.pages.queue.acts import QUEUE_BUTTONS
from shoal.server.pages.queue.page import QUEUE_PAGE
from shoal.server.pages.queue.schedules import SCHEDULE_BUTTONS


def queue_faces() -> list[Face]:
    """Return the faces of the queue's page."""
    return [QUEUE_PAGE, QUEUE_BUTTONS, SCHEDULE_BUTTONS]
