"""Jobserver's ids lead to one's own jobs only, on every kind of database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from shoal.access import Action, Actor
from shoal.base.database import Database
from shoal.base.errors import Conflict, NotFound
from shoal.jobs.model import NewJob
from shoal.jobs.store import submission
from shoal.server.jobserver.document import FACE
from shoal.server.jobserver.filters import conditions
from shoal.server.jobserver.finding import find_jobs, found_job
from tests.support.store import STORED

ANA, BEN, ADMIN = Actor("ana", executes=True), Actor("ben", executes=True), Actor("root", admin=True)


@pytest.fixture
def database(database: Database) -> Database:
    for owner, id_ in (("ana", "a1"), ("ben", "b1"), ("ana", "a2")):
        keep(database, owner, id_)
    database.write(STORED, lambda conn: submission.submit(conn, "ana", [NewJob("function", draft=True)]))
    return database


def keep(database: Database, owner: str, id_: str) -> None:
    new = NewJob("function", extra={"site": 4}, external_ids={FACE: id_}, draft=True)
    database.write(STORED, lambda conn: submission.submit(conn, owner, [new]))


def ids(database: Database, actor: Actor, wanted: dict[str, Any]) -> list[str]:
    def find(conn: Connection) -> list[str]:
        total, found = find_jobs(conn, actor, conditions(conn, wanted))
        assert total == len(found)
        return [job.external_ids[FACE] for job in found]

    return database.read(find)


def test_everybody_sees_their_own_and_an_admin_all(database: Database) -> None:
    assert ids(database, ANA, {}) == ["a1", "a2"]
    assert ids(database, BEN, {}) == ["b1"]
    assert ids(database, ADMIN, {}) == ["a1", "b1", "a2"]
    assert ids(database, Actor(""), {}) == []


def test_no_filter_shows_the_jobs_of_others(database: Database) -> None:
    every: list[dict[str, Any]] = [
        {"user_id": "ben"},
        {"_id": "b1"},
        {"$or": [{"user_id": "ben"}, {"_id": "b1"}]},
        {"user_id": {"$ne": "ana"}},
    ]
    for wanted in every:
        assert ids(database, ANA, wanted) == []
        assert ids(database, BEN, wanted) == ["b1"]


def test_an_id_of_somebody_else_is_not_there_and_taken(database: Database) -> None:
    for action in (Action.JOB_READ, Action.JOB_CHANGE):
        for id_ in ("b1", "nothing"):
            with pytest.raises(NotFound, match=f"There is no job {id_}, or you may not see it"):
                database.read(partial(found_job, actor=ANA, action=action, id_=id_))
    assert database.read(lambda conn: found_job(conn, BEN, Action.JOB_CHANGE, "b1")).owner == "ben"
    with pytest.raises(Conflict):
        keep(database, "ana", "b1")
