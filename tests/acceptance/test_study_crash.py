"""kill -9 of the workers, and of everything, at every fault point of a study that the command line runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import shoal.server.registered  # noqa: F401  (every fault point of the server is known)
import tests.support.study_program as study_program
from shoal.base.faults import registered
from tests.support.crash import Fault, Program, faults, survive

NAME = "tests.support.study_program:main"
# Points that a study does not come by, each with its reason. A new point is on the path until it stands here.
ELSEWHERE = {
    "access.token": "no token is made",
    "backup.": "no backup is made",
    "cli.backup": "no backup is made",
    "cli.live_export": "there is no live task",
    "cli.plan": "no plan is saved",
    "cli.report": "there is no infrastructure",
    "cqueue.": "no task is posted",
    "crash.": "of the tests",
    "datafiles.": "studies read datasets",
    "datasets.export": "only when a dataset is written to a path",
    "datasets.remove": "nothing is removed",
    "figures.ask": "the album is drawn without being asked for",
    "housekeeping.": "nothing is old enough",
    "infra.": "there is no infrastructure",
    "jobs.ask": "no job asks anything",
    "jobs.cancel": "nothing is cancelled",
    "jobs.expire": "no lease ends by time",
    "jobs.progress": "fits are too short to tell how far they are",
    "jobs.log": "fits print nothing",
    "jobs.renew": "it is over before a lease is renewed",
    "jobs.return": "no lease is given back",
    "jobs_api.": "no job is changed by hand",
    "jobserver.": "no job is changed by hand",
    "limits_api.": "no limit is set",
    "limits.": "the settings name no limit",
    "live.": "there is no live task",
    "nodes.": "no other machine works",
    "objects.": "studies read datasets",
    "pages.": "no form is sent",
    "schedules_api.": "there is no schedule",
    "storage.delete": "nothing is removed",
    "studies.change": "it is not run again",
    "studies.remove": "nothing is removed",
    "tests.": "of the tests",
    "upkeep.": "nothing is forgotten",
    "uploads.": "the file is there already",
    "workers.": "no worker is told to drain",
    "webhooks.": "nobody is told of anything",
}
POINTS = [name for name in registered() if not any(name.startswith(prefix) for prefix in ELSEWHERE)]


def test_the_program_ends_well_without_a_fault(tmp_path: Path) -> None:
    program = Program(NAME, tmp_path, "")
    assert program.run() == 0, program.output.read_text()
    study_program.verify(tmp_path, "")


@pytest.mark.parametrize("fault", faults(POINTS, ("tree", "others")), ids=str)
def test_killed_anywhere_the_study_completes_and_each_fit_is_recorded_once(
    fault: Fault, tmp_path: Path
) -> None:
    program = Program(NAME, tmp_path, "")
    survive(program, fault)
    study_program.verify(tmp_path, "")
