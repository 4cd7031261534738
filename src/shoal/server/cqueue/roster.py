"""Which faces CQueue's documented requests have."""

from __future__ import annotations

from shoal.base.settings import Settings
from shoal.server.cqueue.ending import ENDING
from shoal.server.cqueue.posting import POSTING
from shoal.server.cqueue.reading import READING
from shoal.server.cqueue.results import RESULTS
from shoal.server.faces import Face


def cqueue_faces(_: Settings) -> list[Face]:
    """Return the faces."""
    return [POSTING, READING, RESULTS, ENDING]
