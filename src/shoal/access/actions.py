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
    # Running somebody's own program is a right of its own; running text that was sent along is the admins'.
    JOB_EXECUTE = "job.execute"
    JOB_EVALUATE = "job.evaluate"
    JOB_LIMIT = "job.limit"

    SCRIPT_READ = "script.read"

    SCHEDULE_CREATE = "schedule.create"
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_CHANGE = "schedule.change"

    DATAFILE_CREATE = "datafile.create"
    DATAFILE_READ = "datafile.read"
    DATAFILE_DELETE = "datafile.delete"

    OBJECT_CREATE = "object.create"
    OBJECT_READ = "object.read"
    OBJECT_CHANGE = "object.change"
    OBJECT_DELETE = "object.delete"

    WORKER_READ = "worker.read"
    WORKER_CHANGE = "worker.change"
    # Taking jobs and answering for them: the right of a node that joined, and of nobody else.
    WORKER_WORK = "worker.work"

    LIVE_CREATE = "live.create"
    LIVE_READ = "live.read"
    LIVE_PUSH = "live.push"
    LIVE_CHANGE = "live.change"
    LIVE_DELETE = "live.delete"

    INFRA_CREATE = "infra.create"
    INFRA_READ = "infra.read"
    INFRA_CHANGE = "infra.change"
    INFRA_DELETE = "infra.delete"

    EVENT_READ = "event.read"

    HOUSE_BACKUP = "house.backup"
    HOUSE_CLEAN = "house.clean"

    @property
    def reads(self) -> bool:
        """Say whether the action leaves everything as it was."""
        return self.rpartition(".")[2] in {"ping", "read", "status", "describe"}


OPEN = frozenset({Action.SERVER_PING})
FOR_ADMINS = frozenset({Action.JOB_EVALUATE, Action.JOB_LIMIT, Action.WORKER_CHANGE})
