"""Everything that can be done, by name; a route, field or command names one."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Name what somebody wants to do: NOUN.VERB."""

    # Open to everyone who reaches the server: says only that it is there.
    SERVER_PING = "server.ping"
    SERVER_STATUS = "server.status"
    SERVER_DESCRIBE = "server.describe"

    DATASET_CREATE = "dataset.create"
    DATASET_READ = "dataset.read"
    DATASET_DELETE = "dataset.delete"

    STUDY_CREATE = "study.create"
    STUDY_READ = "study.read"
    STUDY_CHANGE = "study.change"
    STUDY_DELETE = "study.delete"

    JOB_CREATE = "job.create"
    JOB_READ = "job.read"
    JOB_CHANGE = "job.change"

    EVENT_READ = "event.read"

    HOUSE_BACKUP = "house.backup"
    HOUSE_CLEAN = "house.clean"

    @property
    def reads(self) -> bool:
        """Say whether the action leaves everything as it was."""
        return self.rpartition(".")[2] in {"ping", "read", "status", "describe"}


OPEN = frozenset({Action.SERVER_PING})
