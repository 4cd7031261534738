"""The kind of job that is a delivery."""

from __future__ import annotations

from shoal.jobs.kinds import Kind, register
from shoal.jobs.store.notices import DELIVER

_DELIVER = Kind(DELIVER, run="shoal.jobs.webhooks.delivering:run", elsewhere=False)


def register_kinds() -> None:
    """Make the kind known to this process."""
    register(_DELIVER)
